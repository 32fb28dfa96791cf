package store

import (
	"context"
	"fmt"
	"time"
)

// Session is a login to the admin pages.
type Session struct {
	Hash       string // of the secret in the browser's cookie
	Actor      string // as in AuditEntry
	AuthMethod string // how the administrator logged in
	Opened     time.Time
	Seen       time.Time // time of the latest request, at most a minute old
}

// Open saves a new session that begins at n.Opened.
func (s Sessions) Open(ctx context.Context, n Session) error {
	a := args{"hash": n.Hash, "actor": sanitizeText(n.Actor), "proof": n.AuthMethod, "now": n.Opened.Unix()}
	_, err := s.exec(ctx, nil, "open_session", a)
	return wrapErr("opening a session", err)
}

// Find finds a session by the hash of its secret.
func (s Sessions) Find(ctx context.Context, hash string) (n Session, known bool, err error) {
	err = s.query(ctx, nil, "session", args{"hash": hash}, func(scan scanFunc) error {
		var opened, seen int64
		err := scan(&n.Actor, &n.AuthMethod, &opened, &seen)
		n.Hash, n.Opened, n.Seen, known = hash, timeOrZero(opened), timeOrZero(seen), true
		return err
	})
	if err != nil {
		return Session{}, false, fmt.Errorf("finding a session: %w", err)
	}
	return n, known, nil
}

// Touch sets the time of the latest request.
func (s Sessions) Touch(ctx context.Context, now time.Time, hash string) error {
	_, err := s.exec(ctx, nil, "touch_session", args{"hash": hash, "now": now.Unix()})
	return wrapErr("updating a session", err)
}

// Close ends a session.
func (s Sessions) Close(ctx context.Context, hash string) error {
	_, err := s.exec(ctx, nil, "close_session", args{"hash": hash})
	return wrapErr("closing a session", err)
}

// Prune deletes sessions that were opened or last seen at these times or before.
func (s Sessions) Prune(ctx context.Context, opened, seen time.Time) error {
	_, err := s.exec(ctx, nil, "prune_sessions", args{"opened": opened.Unix(), "seen": seen.Unix()})
	return wrapErr("deleting old sessions", err)
}
