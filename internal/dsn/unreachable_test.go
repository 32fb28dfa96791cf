package dsn

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lib/pq"
)

func TestUnreachable(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"nothing listens", errors.New("dial tcp 127.0.0.1:5432: connect: connection refused"), true},
		{"the server is starting up", fmt.Errorf("connecting: %w", &pq.Error{Code: "57P03"}), true},
		{"too many connections", &pq.Error{Code: "53300"}, true},
		{"wrong password", &pq.Error{Code: "28P01"}, false},
		{"unknown database", &pq.Error{Code: "3D000"}, false},
		{"a server without TLS", pq.ErrSSLNotSupported, false},
	} {
		if got := Unreachable(tt.err); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
