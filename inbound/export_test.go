package inbound

import "time"

// SetSessionTimeout changes the session timeout until the returned function is called.
func SetSessionTimeout(d time.Duration) (restore func()) {
	was := sessionTimeout
	sessionTimeout = d
	return func() { sessionTimeout = was }
}
