package source

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
)

// Members reads the current state of members. Deleted accounts are not in the result.
func (s *Snapshot) Members(ctx context.Context, ids []forum.MemberID, now time.Time) ([]forum.Member, error) {
	recipients, err := s.recipients(ctx, ids)
	if err != nil {
		return nil, err
	}
	members := make([]forum.Member, 0, len(ids))
	shared := make(interner)
	var m forum.Member
	var since int64
	var zone, locale, roles, noMail, optOuts, digests sql.RawBytes
	r := columns{"id": &m.ID, "name": &m.Name, "email": &m.Email, "zone?": &zone, "locale?": &locale, "roles": &roles, "no_mail": &noMail, "no_mail_since?": &since, "opt_outs?": &optOuts, "digest_choice?": &digests}
	err = queryChunked(ctx, s, "members", "ids", ids, params{"now": now.Unix()}, r, func() error {
		m.Name = s.name(m.Name)
		m.Zone, m.Locale = shared.intern(zone), shared.intern(locale)
		if s.db.kind.zone != nil {
			m.Zone = s.db.kind.zone(m.Zone)
		}
		if s.db.kind.locale != nil {
			m.Locale = s.db.kind.locale(m.Locale)
		}
		if !localeLike.MatchString(m.Locale) {
			m.Locale = ""
		}
		m.Class = classOf(shared.intern(roles))
		m.NoMail, m.NoMailSince = shared.intern(noMail), time.Time{}
		if since > 0 {
			m.NoMailSince = unix(since)
		}
		kinds, err := parseOptOuts(string(optOuts))
		if err == nil {
			err = applyDigestChoice(&m, string(digests), &kinds)
		}
		if err != nil {
			return err
		}
		s.db.applyOptOuts(&m, kinds)
		if recipients != nil && m.NoMail == "" && !recipients[m.ID] {
			m.NoMail = NotARecipient
		}
		members = append(members, m)
		return nil
	})
	return members, err
}

// classOf returns the access class of a set of roles: sorted, without duplicates.
func classOf(roles string) forum.Class {
	list := rolesOf(forum.Class(roles))
	slices.Sort(list)
	return forum.Class(strings.Join(slices.Compact(list), ","))
}

func rolesOf(c forum.Class) []string {
	return strings.FieldsFunc(string(c), func(r rune) bool { return r == ',' || r == ' ' })
}

// FindMember finds a member by ID, or else by name, ignoring case. It returns forum.ErrNoMember if there is none. It may read the names of
// all members, so it is only for a person who waits for it.
func (s *Snapshot) FindMember(ctx context.Context, idOrName string, now time.Time) (forum.Member, error) {
	if id, err := strconv.ParseInt(idOrName, 10, 64); err == nil {
		if m, found, err := s.member(ctx, forum.MemberID(id), now); found || err != nil {
			return m, err
		}
	}
	id, err := s.findAnyCase(ctx, idOrName)
	if err != nil {
		return forum.Member{}, err
	}
	if id != 0 {
		if m, found, err := s.member(ctx, id, now); found || err != nil {
			return m, err
		}
	}
	return forum.Member{}, fmt.Errorf("%w: %q; expected a member ID or name", forum.ErrNoMember, idOrName)
}

// findAnyCase returns the member with a name, or 0. Some forums have an index for the exact spelling only, and the query find uses it. Then,
// a person who spelled it otherwise waits for the query search, which may read all names.
func (s *Snapshot) findAnyCase(ctx context.Context, name string) (forum.MemberID, error) {
	id, err := s.find(ctx, name)
	if err != nil || id != 0 || !s.db.has("search") {
		return id, err
	}
	found, err := s.search(ctx, s.likeLiteral(name), 1)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0], nil
}

// find returns the member with a name, or 0.
func (s *Snapshot) find(ctx context.Context, name string) (id forum.MemberID, err error) {
	err = s.queryNamed(ctx, "find", params{"name": s.db.kind.stored(name)}, columns{"id": &id}, func() error { return nil })
	return id, ignoreUnfit(err)
}

// Search finds up to limit members whose names start with begins, ignoring case, ordered by name. It reads only these.
func (s *Snapshot) Search(ctx context.Context, begins string, limit int) ([]forum.MemberID, error) {
	if !s.db.has("search") {
		return s.searchWhole(ctx, begins)
	}
	return s.search(ctx, s.likeLiteral(begins)+"%", limit)
}

// SearchAnyPart finds up to limit members whose names contain part, ignoring case, ordered by name. It may read the names of all
// members, so it is only for a person who waits for it. Call it with a deadline.
func (s *Snapshot) SearchAnyPart(ctx context.Context, part string, limit int) ([]forum.MemberID, error) {
	if !s.db.has("search") && !s.db.has("containing") {
		return s.searchWhole(ctx, part)
	}
	pattern := "%" + s.likeLiteral(part) + "%"
	if !s.db.has("containing") {
		return s.search(ctx, pattern, limit)
	}
	return s.memberIDs(ctx, "containing", params{"part": pattern, "limit": limit})
}

// searchWhole finds the member with exactly this name.
func (s *Snapshot) searchWhole(ctx context.Context, name string) ([]forum.MemberID, error) {
	id, err := s.find(ctx, name)
	if err != nil || id == 0 {
		return nil, err
	}
	return []forum.MemberID{id}, nil
}

// likeLiteral escapes a part of a name for LIKE.
func (s *Snapshot) likeLiteral(part string) string {
	return strings.NewReplacer("|", "||", "%", "|%", "_", "|_").Replace(s.db.kind.stored(part))
}

func (s *Snapshot) search(ctx context.Context, pattern string, limit int) ([]forum.MemberID, error) {
	return s.memberIDs(ctx, "search", params{"begins": pattern, "limit": limit})
}

func (s *Snapshot) memberIDs(ctx context.Context, query string, p params) ([]forum.MemberID, error) {
	var ids []forum.MemberID
	var id forum.MemberID
	err := s.queryNamed(ctx, query, p, columns{"id": &id}, func() error {
		ids = append(ids, id)
		return nil
	})
	return ids, ignoreUnfit(err)
}

func (s *Snapshot) member(ctx context.Context, id forum.MemberID, now time.Time) (forum.Member, bool, error) {
	members, err := s.Members(ctx, []forum.MemberID{id}, now)
	if err != nil || len(members) == 0 {
		return forum.Member{}, false, err
	}
	return members[0], true, nil
}

// SubscriberPage lists up to limit subscribers with IDs greater than after, in ascending order. The page is complete up to
// last, which is EndOfWatchers on the last page.
func (s *Snapshot) SubscriberPage(ctx context.Context, after forum.MemberID, limit int, now time.Time) (members []forum.Member, last forum.MemberID, err error) {
	ids, last, err := s.subscribersAfter(ctx, after, limit)
	if err != nil {
		return nil, 0, err
	}
	if members, err = s.Members(ctx, ids, now); err != nil {
		return nil, 0, err
	}
	slices.SortFunc(members, func(a, b forum.Member) int { return int(a.ID - b.ID) })
	return members, last, nil
}
