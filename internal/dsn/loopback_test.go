package dsn

import "testing"

func TestTLSOptional_OnlyOnThisMachine(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for _, tt := range []struct {
		dsn, host string
		want      bool
	}{
		{"postgres://u:p@127.0.0.1/db", "127.0.0.1", true},
		{"postgres://u:p@localhost:5433/db?application_name=x", "localhost", true},
		{"postgres://u:p@[::1]/db", "::1", true},
		{"postgres://u:p@10.0.0.1/db", "10.0.0.1", false},
		{"postgres://u:p@db.example.org/db", "db.example.org", false},
		{"postgres://u:p@localhost.example.org/db", "localhost.example.org", false},
		{"postgres://u:p@127.0.0.1/db?sslmode=require", "127.0.0.1", false},
		{"postgres://u:p@127.0.0.1/db?sslrootcert=ca.pem", "127.0.0.1", false},
	} {
		if got := TLSOptional(tt.dsn, tt.host); got != tt.want {
			t.Errorf("TLSOptional(%q, %q) = %t, want %t", tt.dsn, tt.host, got, tt.want)
		}
	}
	t.Setenv("PGSSLMODE", "verify-full")
	if TLSOptional("postgres://u:p@127.0.0.1/db", "127.0.0.1") {
		t.Error("PGSSLMODE is overridden")
	}
}
