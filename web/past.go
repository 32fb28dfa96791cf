package web

import (
	"context"
	"time"

	"postrider/daemon/members"
	"postrider/internal/link"
)

// maxPast is the most past messages that the settings list.
const maxPast = 20

// pastMail is a message that the member got, with the link that shows it.
type pastMail struct {
	Kind  string // as in members.PastMessage
	At    time.Time
	Posts int
	URL   string
}

// pastMails lists the latest messages to a member that can still be shown, the newest first.
func (s *Server) pastMails(ctx context.Context, a members.Account) (list []pastMail, err error) {
	sent, err := s.Members.PastMessages(ctx, a.Member.ID, maxPast)
	if err != nil {
		return nil, err
	}
	for _, m := range sent {
		list = append(list, pastMail{
			Kind: m.Kind, At: m.At.In(a.Zone), Posts: m.Posts,
			URL: s.path(link.Claims{Scope: link.View, Member: int64(a.Member.ID), Object: link.Mail(m.Key)}),
		})
	}
	return list, nil
}
