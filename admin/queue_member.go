package admin

import (
	"context"
	"strconv"

	"postrider/forum"
	"postrider/store"
)

// messages lists the messages that match the filter. If the filter's member is unknown, none do: an action on everything that
// matches must not reach other members.
func (s *Server) messages(v *request, f queueFilter, skip, limit int) (list []store.Message, unknownMember bool, err error) {
	member, found, err := s.filterMember(v.r.Context(), f.Member)
	if err != nil || !found {
		return nil, !found, err
	}
	to := f.storeFilter(s.Now(), member)
	to.Skip, to.Limit = skip, limit
	list, err = s.Store.Queue.List(v.r.Context(), to)
	return list, false, err
}

// filterMember returns the one member that the filter means: by ID, even if the forum has deleted the account, by name or by
// address. It returns 0 if the filter is empty.
func (s *Server) filterMember(ctx context.Context, who string) (id forum.MemberID, found bool, err error) {
	if who == "" {
		return 0, true, nil
	}
	if n, err := strconv.ParseInt(who, 10, 64); err == nil && n > 0 {
		return forum.MemberID(n), true, nil
	}
	hits, err := s.find(ctx, who)
	if err != nil || len(hits) != 1 {
		return 0, false, err
	}
	return hits[0].ID, true, nil
}
