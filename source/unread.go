package source

import (
	"context"

	"postrider/forum"
)

// UnreadMessages counts the private messages that members have not read, without those from the members that each of them ignores.
func (s *Snapshot) UnreadMessages(ctx context.Context, members []forum.MemberID, ignores func(member, sender forum.MemberID) bool) (map[forum.MemberID]forum.UnreadMessages, error) {
	found := make(map[forum.MemberID]forum.UnreadMessages)
	var member, sender forum.MemberID
	var name string
	var n int64
	r := columns{"member_id": &member, "sender_id": &sender, "sender": &name, "messages": &n}
	err := queryChunked(ctx, s, "unread_messages", "members", members, nil, r, func() error {
		if ignores(member, sender) {
			return nil
		}
		u := found[member]
		u.Count += int(n)
		switch name = s.name(name); {
		case name == "":
		case len(u.Senders) < forum.UnreadSenders:
			u.Senders = append(u.Senders, name)
		default:
			u.MoreSenders = true
		}
		found[member] = u
		return nil
	})
	return found, err
}
