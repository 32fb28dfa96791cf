package daemon

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
)

// events has all events, with their weights.
var events = map[string]struct {
	weight int
	apply  func(s *simulation, a, b, c int)
}{
	"wait":  {16, func(s *simulation, a, _, _ int) { time.Sleep(pick(a, waitTimes)) }},
	"round": {22, func(s *simulation, a, _, _ int) { s.turn = a % 2; s.runTurn(killPoint{}, 0) }},
	"run":   {4, func(s *simulation, a, b, _ int) { s.turn = a % 2; s.runTurn(killPoint{}, pick(b, runTimes)) }},
	"crash": {4, func(s *simulation, a, b, c int) {
		if s.kills < 4 { // a message that crashes the daemon too often is given up
			where := pick(a, []string{atStatement, atStatement, beforeRelay, afterRelay})
			s.runTurn(killPoint{where, b % map[string]int{atStatement: 90, beforeRelay: 4, afterRelay: 4}[where]}, pick(c, append(runTimes, 0, 0, 0)))
		}
	}},
	"relay": {3, func(s *simulation, a, b, c int) {
		for range 1 + b%6 {
			replies := pick(c, []*[]string{&s.replies, &s.replies, &s.ownReplies})
			*replies = append(*replies, pick(a, []string{"later", "reject", "unreachable", "lost", "silent"}))
		}
	}},
	"announce":  {3, func(s *simulation, _, _, _ int) { s.announce() }},
	"own_relay": {1, func(s *simulation, a, _, _ int) { s.setOwnRelay(a%3 > 0) }},

	"reply":     {22, func(s *simulation, a, b, c int) { s.addPost(pick(a, s.threads), b, c, "visible") }},
	"thread":    {3, func(s *simulation, a, b, c int) { s.addThread(pick(a, allSections), b, c) }},
	"moderated": {2, func(s *simulation, a, b, c int) { s.addPost(pick(a, s.threads), b, c, "moderated") }},
	"hide":      {2, func(s *simulation, a, _, _ int) { s.setPostState(a, "deleted") }},
	"show":      {4, func(s *simulation, a, _, _ int) { s.setPostState(a, "visible") }},
	"edit": {2, func(s *simulation, a, _, _ int) {
		if len(s.posts) > 0 {
			s.execSQL(`UPDATE post SET body = body || ' Edited.', edited_at = ? WHERE id = ?`, s.clock().Unix(), pick(a, s.posts).id)
		}
	}},
	"delete":  {1, func(s *simulation, a, _, _ int) { s.setThreadDeleted(pick(a, s.threads), true) }},
	"restore": {2, func(s *simulation, a, _, _ int) { s.setThreadDeleted(pick(a, s.threads), false) }},
	"move": {6, func(s *simulation, a, b, _ int) {
		t := pick(a, s.threads)
		t.section, t.moved = pick(b, allSections), true
		s.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, t.section, t.id)
	}},

	"visit": {5, func(s *simulation, a, b, _ int) {
		p, t := pick(a, s.members), pick(b, s.threads)
		s.visitThread(int64(p.id), t.id)
		p.readAt[t.id] = time.Unix(s.clock().Unix(), 0)
	}},
	"watch": {4, func(s *simulation, a, b, c int) {
		p, t := pick(a, s.members), pick(b, s.threads)
		s.execSQL(`DELETE FROM thread_watch WHERE member_id = ? AND thread_id = ?`, p.id, t.id)
		s.watchThread(int64(p.id), t.id, c%2)
		p.threads[t.id] = c%2 == 1
		p.markWatchChanged(t.id)
	}},
	"unwatch": {2, func(s *simulation, a, b, _ int) {
		p, t := pick(a, s.members), pick(b, s.threads)
		s.execSQL(`DELETE FROM thread_watch WHERE member_id = ? AND thread_id = ?`, p.id, t.id)
		delete(p.threads, t.id)
		p.markWatchChanged(t.id)
	}},
	"add": {3, func(s *simulation, a, b, c int) {
		s.addSection(pick(a, s.members), pick(b, allSections), pick(c, []digest.Cadence{digest.Instant, digest.WithDigest, digest.Weekly}))
	}},
	"follow": {2, func(s *simulation, a, b, c int) {
		p := pick(a, s.members)
		s.removeAdded(p, pick(b, allSections))
		s.watchSection(p, pick(b, allSections), pick(c, []forum.Level{forum.NewThreads, forum.AllPosts}), c%3 > 0)
		p.markWatchChanged(pick(b, allSections))
	}},
	"unfollow": {1, func(s *simulation, a, b, _ int) {
		p, section := pick(a, s.members), pick(b, allSections)
		s.execSQL(`DELETE FROM section_watch WHERE member_id = ? AND section_id = ?`, p.id, section)
		delete(p.sections, section)
		p.markWatchChanged(section)
	}},
	"ignore": {1, func(s *simulation, a, b, _ int) {
		p, author := pick(a, s.members), s.pickAuthor(b)
		s.execSQL(`INSERT INTO ignored VALUES (?, ?) ON CONFLICT DO NOTHING`, p.id, author)
		p.ignores[author] = true
	}},
	"unignore": {1, func(s *simulation, a, _, _ int) {
		p := pick(a, s.members)
		s.execSQL(`DELETE FROM ignored WHERE member_id = ?`, p.id)
		clear(p.ignores)
	}},
	"ban":   {1, func(s *simulation, a, _, _ int) { s.setBanned(pick(a, s.members), true) }},
	"unban": {2, func(s *simulation, a, _, _ int) { s.setBanned(pick(a, s.members), false) }},

	"override": {5, func(s *simulation, a, b, c int) {
		override := pick(c, []digest.Cadence{"", digest.Off, digest.WithDigest, digest.Instant, digest.Weekly})
		p, w := pick(a, s.members), members.WatchSetting{Override: override}
		if b%2 == 0 {
			w.Section = forum.SectionID(pick(b/2, allSections))
			p.overrides[int(w.Section)] = override
			if override == "" {
				delete(p.added, int(w.Section))
			}
		} else {
			w.Thread = forum.ThreadID(pick(b/2, s.threads).id)
			p.overrides[int64(w.Thread)] = override
		}
		s.changePreferences(p, unchanged, w)
	}},
	"mode": {3, func(s *simulation, a, b, _ int) {
		p := pick(a, s.members)
		p.alerts = pick(b, []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.EveryReply, digest.NoAlerts})
		s.changePreferences(p, func(c *digest.Preferences) { c.Alerts = p.alerts })
	}},
	"cadence": {3, func(s *simulation, a, b, c int) {
		p := pick(a, s.members)
		p.digests = pick(b, []digest.Cadence{digest.Daily, digest.EveryNHours, digest.Weekly, digest.Daily, digest.Off})
		s.changePreferences(p, func(o *digest.Preferences) {
			o.Schedule = &digest.Schedule{Cadence: p.digests, Hour: c % 24, Weekday: time.Weekday(c % 7), Every: 4}
		})
	}},
	"switch": {4, func(s *simulation, a, b, c int) {
		p, kind, to := pick(a, s.members), pick(b, digest.PostKinds()), pick(c, []digest.Cadence{digest.Instant, digest.WithDigest, digest.Off, digest.Instant})
		p.switches.Set(kind, to)
		s.changePreferences(p, func(o *digest.Preferences) { o.Switches.Set(kind, to) })
	}},
	"bundle": {4, func(s *simulation, a, b, _ int) {
		s.changePreferences(pick(a, s.members), func(o *digest.Preferences) { o.Bundle = pick(b, digest.Bundles()) })
	}},
	"excerpt": {2, func(s *simulation, a, b, _ int) {
		s.changePreferences(pick(a, s.members), func(o *digest.Preferences) { o.Excerpt = pick(b, []int{150, 300, digest.WholePosts}) })
	}},
	"threads_only": {3, func(s *simulation, a, b, _ int) {
		p, only := pick(a, s.members), b%3 > 0
		p.threadsOnly = only
		p.watchChanges++
		s.changePreferences(p, func(o *digest.Preferences) { o.NewThreadsOnly = &only })
	}},
	"weekends": {3, func(s *simulation, a, b, _ int) {
		p, off := pick(a, s.members), b%3 > 0
		p.weekendsOff = off
		s.changePreferences(p, func(o *digest.Preferences) { o.WeekendsOff = &off })
	}},
	"quiet": {2, func(s *simulation, a, b, c int) {
		p := pick(a, s.members)
		p.quietHours = [2]int{b % 24, (b + c%9) % 24}
		s.changePreferences(p, func(o *digest.Preferences) {
			o.Quiet = &digest.QuietHours{From: p.quietHours[0], Until: p.quietHours[1]}
		})
	}},
	"pause": {2, func(s *simulation, a, b, _ int) {
		p := pick(a, s.members)
		p.pausedUntil = s.clock().Add(time.Duration(b%40-10) * time.Hour)
		s.changePreferences(p, func(c *digest.Preferences) { c.PausedUntil = p.pausedUntil })
	}},
	"send_now": {3, func(s *simulation, a, _, _ int) {
		p := pick(a, s.members)
		service := members.New(s.source, s.store, s.set)
		account, err := service.Account(s.Context(), s.clock(), p.id)
		if err == nil {
			var result members.SendNowResult
			result, err = service.SendNow(s.Context(), s.clock(), account)
			p.asked = p.asked || result == members.SendNowQueued
		}
		if err != nil {
			s.Fatal(err)
		}
	}},
}

func eventNames() []string { return slices.Sorted(maps.Keys(events)) }

// allSections has the sections of a history, runTimes how long a daemon runs, and waitTimes how long nothing happens.
var (
	allSections = []int{tonight, routes, guardsvan}
	runTimes    = []time.Duration{5 * time.Second, 75 * time.Second, 7 * time.Minute}
	waitTimes   = []time.Duration{time.Second, 20 * time.Second, time.Minute, time.Minute, 6 * time.Minute, time.Hour, 7 * time.Hour, 25 * time.Hour}
)

func pick[T any](n int, from []T) T { return from[n%len(from)] }

// markWatchChanged records that a watch has changed, after which its override may no longer apply.
func (p *modelMember) markWatchChanged(of any) {
	p.watchChanges++
	if p.overrides[of] != "" {
		p.overrides[of] = unknownOverride
	}
}

// addSection lets a member watch a section only here, if they may and do not watch it yet.
func (s *simulation) addSection(p *modelMember, section int, cadence digest.Cadence) {
	service := members.New(s.source, s.store, s.set)
	account, err := service.Account(s.Context(), s.clock(), p.id)
	if err == nil {
		err = service.AddSection(s.Context(), s.clock(), account, forum.SectionID(section), cadence)
	}
	switch {
	case errors.Is(err, members.ErrNotAddable):
		return
	case err != nil:
		s.Fatal(err)
	}
	p.added[section], p.overrides[section] = true, cadence
	p.watchChanges++
}

// removeAdded ends what addSection did.
func (s *simulation) removeAdded(p *modelMember, section int) {
	if p.added[section] {
		delete(p.added, section)
		p.overrides[section] = ""
		s.changePreferences(p, unchanged, members.WatchSetting{Section: forum.SectionID(section)})
	}
}

// pickAuthor returns one of the members, or more often another author.
func (s *simulation) pickAuthor(n int) int64 {
	if n %= 2 * len(s.members); n < len(s.members) {
		return int64(s.members[n].id)
	}
	return writer
}

// addPost adds a post that may quote or mention one of the members.
func (s *simulation) addPost(t *modelThread, author, target int, state string) *modelPost {
	w := &modelPost{thread: t, author: s.pickAuthor(author), at: time.Unix(s.clock().Unix(), 0), state: state}
	body := "Has anybody seen my other glove?"
	if n := target % 20; n < len(s.members) {
		w.target, w.direct = s.members[n].id, digest.Quotes
		body = fmt.Sprintf(`[QUOTE="%s, post: 1, member: %d"]x[/QUOTE]No.`, s.members[n].name, w.target)
		if target%40 > 20 {
			w.direct = digest.Mentions
			body = fmt.Sprintf("[USER=%d]@%s[/USER], look.", w.target, s.members[n].name)
		}
	}
	w.id = s.writeText(t.id, w.author, body)
	s.execSQL(`UPDATE post SET state = ? WHERE id = ?`, state, w.id)
	s.posts = append(s.posts, w)
	return w
}

func (s *simulation) addThread(section, author, target int) {
	t := &modelThread{id: s.queryInt(`SELECT max(id) + 1 FROM thread`), section: section}
	s.threads = append(s.threads, t)
	s.execSQL(`INSERT INTO thread VALUES (?, ?, 'A new one', ?, 'Kate', ?, ?, 'visible', NULL)`, t.id, section, s.pickAuthor(author), s.clock().Unix(), s.next())
	s.addPost(t, author, target, "visible").opening = true
}

func (s *simulation) setPostState(n int, state string) {
	if len(s.posts) > 0 {
		w := pick(n, s.posts)
		w.state, w.hidden = state, true
		s.execSQL(`UPDATE post SET state = ? WHERE id = ?`, state, w.id)
	}
}

func (s *simulation) setThreadDeleted(t *modelThread, deleted bool) {
	t.deleted, t.hidden = deleted, true
	s.execSQL(`UPDATE thread SET state = ? WHERE id = ?`, map[bool]string{true: "deleted", false: "visible"}[deleted], t.id)
}

func (s *simulation) setBanned(p *modelMember, banned bool) {
	p.banned, p.everBanned = banned, p.everBanned || banned
	s.execSQL(`UPDATE member SET state = ? WHERE id = ?`, map[bool]string{true: "banned", false: "active"}[banned], p.id)
}

// changePreferences changes the preferences of a member as the settings page does.
func (s *simulation) changePreferences(p *modelMember, change func(*digest.Preferences), overrides ...members.WatchSetting) {
	service := members.New(s.source, s.store, s.set)
	a, err := service.Account(s.Context(), s.clock(), p.id)
	if err != nil {
		s.Fatal(err)
	}
	want := a.Effective
	schedule := *want.Schedule
	want.Schedule = &schedule
	change(&want)
	if err := service.UpdatePreferences(s.Context(), s.clock(), a, want, overrides); err != nil {
		s.Fatal(err)
	}
}
