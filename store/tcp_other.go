//go:build !linux

package store

import "syscall"

// setTCPUserTimeout does nothing: the system decides when to give up a connection whose peer acknowledges nothing.
func setTCPUserTimeout(_, _ string, _ syscall.RawConn) error { return nil }
