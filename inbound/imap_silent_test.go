package inbound_test

import (
	"context"
	"net"
	"testing"
	"time"

	"postrider/inbound"
)

// A server that says nothing, or nothing after its greeting, must not keep the daemon from stopping.
func TestIMAP_SilentServerDoesNotBlockStop(t *testing.T) {
	for name, greeting := range map[string]string{"no greeting": "", "no capabilities": "* OK hello\r\n"} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conn.Write([]byte(greeting))
				time.Sleep(20 * time.Millisecond)
				cancel()
				t.Cleanup(func() { conn.Close() })
			}()
			done := make(chan error, 1)
			go func() {
				done <- newFixture(t).Collect(ctx, inbound.Config{IMAP: "imap://postrider@" + l.Addr().String() + "/INBOX", Password: "secret"})
			}()
			select {
			case err := <-done:
				if err == nil {
					t.Error("no error")
				}
			case <-time.After(20 * time.Second):
				t.Fatal("still waits for the server")
			}
		})
	}
}
