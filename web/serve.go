package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve serves requests from a listener until ctx ends. Requests in progress then get a few seconds to finish.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      requestTimeout + 10*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	var fresh freshConns
	server.ConnState = fresh.track
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		l.Close()
		fresh.wait()
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(soon) != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serving pages: %w", err)
}

// freshConns are the connections that have not sent a request yet. A server that shuts down closes them without an answer, even if
// their request is on its way.
type freshConns struct{ sync.Map }

func (f *freshConns) track(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		f.Store(c, nil)
	} else {
		f.Delete(c)
	}
}

// wait waits until all of them have sent a request, but not long: browsers open connections that they may not need.
func (f *freshConns) wait() {
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		waiting := false
		f.Range(func(any, any) bool {
			waiting = true
			return false
		})
		if !waiting {
			break
		}
	}
	time.Sleep(20 * time.Millisecond) // a request that was just read is not being answered yet
}
