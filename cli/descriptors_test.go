package cli

import (
	"net"
	"testing"
)

func TestPageConns_StayBelowDescriptors(t *testing.T) {
	for descriptors, want := range map[uint64]int{0: maxPageConns, 64: minPageConns, 256: minPageConns, 1024: 241, 4096: 1265, 1 << 20: maxPageConns, 1 << 62: maxPageConns} {
		if got := pageConns(descriptors); got != want {
			t.Errorf("with %d descriptors a listener accepts %d connections, want %d", descriptors, got, want)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited := limitConns(l)
	if limited == l {
		t.Error("the listener has no limit")
	}
	limited.Close()
}
