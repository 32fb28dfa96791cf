package daemon

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
)

// acts are all that can happen, and how often it does.
var acts = map[string]struct {
	often int
	play  func(s *simulation, a, b, c int)
}{
	"wait":  {16, func(s *simulation, a, _, _ int) { time.Sleep(pick(a, waited)) }},
	"round": {22, func(s *simulation, a, _, _ int) { s.turn = a % 2; s.live(death{}, 0) }},
	"run":   {4, func(s *simulation, a, b, _ int) { s.turn = a % 2; s.live(death{}, pick(b, lived)) }},
	"die": {4, func(s *simulation, a, b, c int) {
		if s.deaths < 4 { // who dies at one mail too often gives it up
			where := pick(a, []string{atStatement, atStatement, beforeRelay, afterRelay})
			s.live(death{where, b % map[string]int{atStatement: 90, beforeRelay: 4, afterRelay: 4}[where]}, pick(c, append(lived, 0, 0, 0)))
		}
	}},
	"relay": {3, func(s *simulation, a, b, _ int) {
		for range 1 + b%6 {
			s.says = append(s.says, pick(a, []string{"later", "no", "away", "lost", "silent"}))
		}
	}},

	"reply":  {22, func(s *simulation, a, b, c int) { s.writes(pick(a, s.talks), b, c, "visible") }},
	"thread": {3, func(s *simulation, a, b, c int) { s.opens(pick(a, places), b, c) }},
	"held":   {2, func(s *simulation, a, b, c int) { s.writes(pick(a, s.talks), b, c, "moderated") }},
	"hide":   {2, func(s *simulation, a, _, _ int) { s.puts(a, "deleted") }},
	"show":   {4, func(s *simulation, a, _, _ int) { s.puts(a, "visible") }},
	"edit": {2, func(s *simulation, a, _, _ int) {
		if len(s.posts) > 0 {
			s.execSQL(`UPDATE post SET body = body || ' Mended.', edited_at = ? WHERE id = ?`, s.clock().Unix(), pick(a, s.posts).id)
		}
	}},
	"drop":  {1, func(s *simulation, a, _, _ int) { s.deletes(pick(a, s.talks), true) }},
	"raise": {2, func(s *simulation, a, _, _ int) { s.deletes(pick(a, s.talks), false) }},
	"move": {6, func(s *simulation, a, b, _ int) {
		t := pick(a, s.talks)
		t.section, t.moved = pick(b, places), true
		s.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, t.section, t.id)
	}},

	"visit": {5, func(s *simulation, a, b, _ int) {
		p, t := pick(a, s.people), pick(b, s.talks)
		s.visitThread(int64(p.id), t.id)
		p.read[t.id] = time.Unix(s.clock().Unix(), 0)
	}},
	"watch": {4, func(s *simulation, a, b, c int) {
		p, t := pick(a, s.people), pick(b, s.talks)
		s.execSQL(`DELETE FROM thread_watch WHERE member_id = ? AND thread_id = ?`, p.id, t.id)
		s.watchThread(int64(p.id), t.id, c%2)
		p.threads[t.id] = c%2 == 1
		p.markUncertain(t.id)
	}},
	"unwatch": {2, func(s *simulation, a, b, _ int) {
		p, t := pick(a, s.people), pick(b, s.talks)
		s.execSQL(`DELETE FROM thread_watch WHERE member_id = ? AND thread_id = ?`, p.id, t.id)
		delete(p.threads, t.id)
		p.markUncertain(t.id)
	}},
	"follow": {2, func(s *simulation, a, b, c int) {
		p := pick(a, s.people)
		s.follows(p, pick(b, places), pick(c, []forum.Level{forum.NewThreads, forum.AllPosts}), c%3 > 0)
		p.markUncertain(pick(b, places))
	}},
	"unfollow": {1, func(s *simulation, a, b, _ int) {
		p, section := pick(a, s.people), pick(b, places)
		s.execSQL(`DELETE FROM section_watch WHERE member_id = ? AND section_id = ?`, p.id, section)
		delete(p.sections, section)
		p.markUncertain(section)
	}},
	"ignore": {1, func(s *simulation, a, b, _ int) {
		p, author := pick(a, s.people), s.author(b)
		s.execSQL(`INSERT INTO ignored VALUES (?, ?) ON CONFLICT DO NOTHING`, p.id, author)
		p.ignores[author] = true
	}},
	"hear": {1, func(s *simulation, a, _, _ int) {
		p := pick(a, s.people)
		s.execSQL(`DELETE FROM ignored WHERE member_id = ?`, p.id)
		clear(p.ignores)
	}},
	"ban":  {1, func(s *simulation, a, _, _ int) { s.bans(pick(a, s.people), true) }},
	"free": {2, func(s *simulation, a, _, _ int) { s.bans(pick(a, s.people), false) }},

	"wish": {5, func(s *simulation, a, b, c int) {
		wish := pick(c, []digest.Cadence{"", digest.Off, digest.WithDigest, digest.Instant, digest.Weekly})
		p, w := pick(a, s.people), members.WatchSetting{Override: wish}
		if b%2 == 0 {
			w.Section = forum.SectionID(pick(b/2, places))
			p.wishes[int(w.Section)] = wish
		} else {
			w.Thread = forum.ThreadID(pick(b/2, s.talks).id)
			p.wishes[int64(w.Thread)] = wish
		}
		s.prefers(p, unchanged, w)
	}},
	"mode": {3, func(s *simulation, a, b, _ int) {
		p := pick(a, s.people)
		p.alerts = pick(b, []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.EveryReply, digest.NoAlerts})
		s.prefers(p, func(c *digest.Preferences) { c.Alerts = p.alerts })
	}},
	"cadence": {3, func(s *simulation, a, b, c int) {
		p := pick(a, s.people)
		p.digests = pick(b, []digest.Cadence{digest.Daily, digest.EveryNHours, digest.Weekly, digest.Daily, digest.Off})
		s.prefers(p, func(o *digest.Preferences) {
			o.Schedule = &digest.Schedule{Cadence: p.digests, Hour: c % 24, Weekday: time.Weekday(c % 7), Every: 4}
		})
	}},
	"quiet": {2, func(s *simulation, a, b, c int) {
		p := pick(a, s.people)
		p.quiet = [2]int{b % 24, (b + c%9) % 24}
		s.prefers(p, func(o *digest.Preferences) { o.Quiet = &digest.QuietHours{From: p.quiet[0], Until: p.quiet[1]} })
	}},
	"pause": {2, func(s *simulation, a, b, _ int) {
		p := pick(a, s.people)
		p.paused = s.clock().Add(time.Duration(b%40-10) * time.Hour)
		s.prefers(p, func(c *digest.Preferences) { c.PausedUntil = p.paused })
	}},
	"now": {3, func(s *simulation, a, _, _ int) {
		p := pick(a, s.people)
		desk := members.New(s.source, s.store, s.set)
		account, err := desk.Account(s.Context(), s.clock(), p.id)
		if err == nil {
			_, err = desk.SendNow(s.Context(), s.clock(), account)
		}
		if err != nil {
			s.Fatal(err)
		}
	}},
}

func actNames() []string { return slices.Sorted(maps.Keys(acts)) }

// places are the sections of a tale, lived how long a daemon runs, and waited how long nothing happens.
var (
	places = []int{tonight, routes, guardsvan}
	lived  = []time.Duration{5 * time.Second, 75 * time.Second, 7 * time.Minute}
	waited = []time.Duration{time.Second, 20 * time.Second, time.Minute, time.Minute, 6 * time.Minute, time.Hour, 7 * time.Hour, 25 * time.Hour}
)

func pick[T any](n int, from []T) T { return from[n%len(from)] }

// markUncertain notes that the watch which a wish was about has changed.
func (p *person) markUncertain(of any) {
	p.changes++
	if p.wishes[of] != "" {
		p.wishes[of] = unsure
	}
}

// author is one of the people, or more often somebody else.
func (s *simulation) author(n int) int64 {
	if n %= 2 * len(s.people); n < len(s.people) {
		return int64(s.people[n].id)
	}
	return writer
}

// writes lets somebody write in a thread, and quote or mention one of the people, or more often nobody.
func (s *simulation) writes(t *talk, author, calls int, state string) *writing {
	w := &writing{thread: t, author: s.author(author), at: time.Unix(s.clock().Unix(), 0), state: state}
	words := "Has anybody seen my other glove?"
	if n := calls % 20; n < len(s.people) {
		w.calls = s.people[n].id
		words = fmt.Sprintf(`[QUOTE="%s, post: 1, member: %d"]x[/QUOTE]No.`, s.people[n].name, w.calls)
		if calls%40 > 20 {
			words = fmt.Sprintf("[USER=%d]@%s[/USER], look.", w.calls, s.people[n].name)
		}
	}
	w.id = s.writeText(t.id, w.author, words)
	s.execSQL(`UPDATE post SET state = ? WHERE id = ?`, state, w.id)
	s.posts = append(s.posts, w)
	return w
}

func (s *simulation) opens(section, author, calls int) {
	t := &talk{id: s.queryInt(`SELECT max(id) + 1 FROM thread`), section: section}
	s.talks = append(s.talks, t)
	s.execSQL(`INSERT INTO thread VALUES (?, ?, 'A new one', ?, 'Kate', ?, ?, 'visible', NULL)`, t.id, section, s.author(author), s.clock().Unix(), s.next())
	s.writes(t, author, calls, "visible").opens = true
}

func (s *simulation) puts(n int, state string) {
	if len(s.posts) > 0 {
		w := pick(n, s.posts)
		w.state = state
		s.execSQL(`UPDATE post SET state = ? WHERE id = ?`, state, w.id)
	}
}

func (s *simulation) deletes(t *talk, deleted bool) {
	t.deleted = deleted
	s.execSQL(`UPDATE thread SET state = ? WHERE id = ?`, map[bool]string{true: "deleted", false: "visible"}[deleted], t.id)
}

func (s *simulation) bans(p *person, banned bool) {
	p.banned = banned
	s.execSQL(`UPDATE member SET state = ? WHERE id = ?`, map[bool]string{true: "banned", false: "active"}[banned], p.id)
}

// prefers lets one of the people change his settings as the page does.
func (s *simulation) prefers(p *person, change func(*digest.Preferences), wishes ...members.WatchSetting) {
	desk := members.New(s.source, s.store, s.set)
	a, err := desk.Account(s.Context(), s.clock(), p.id)
	if err != nil {
		s.Fatal(err)
	}
	want := a.Effective
	schedule := *want.Schedule
	want.Schedule = &schedule
	change(&want)
	if err := desk.UpdatePreferences(s.Context(), s.clock(), a, want, wishes); err != nil {
		s.Fatal(err)
	}
}
