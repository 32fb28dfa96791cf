package digest

import (
	"slices"
	"testing"

	"postrider/forum"
)

func TestSwitches_DecideWhichPostsCauseAlerts(t *testing.T) {
	// Post 1 is a reply, 5 opens a thread, 2 is a reply in a watched thread that quotes the candidate, 3 mentions them where they watch nothing.
	for _, tt := range []struct {
		name     string
		switches Switches
		override Cadence // of section 1
		want     map[forum.PostID]AlertCause
		deferred map[forum.PostID]bool // left to the digest
	}{
		{"nothing chosen", Switches{}, "", map[forum.PostID]AlertCause{1: SectionWatched, 2: Quoted, 3: Mentioned, 5: SectionWatched}, nil},
		{"no replies", Switches{Replies: Off}, "", map[forum.PostID]AlertCause{2: Quoted, 3: Mentioned, 5: SectionWatched}, nil},
		{"replies with the digest", Switches{Replies: WithDigest}, "", map[forum.PostID]AlertCause{2: Quoted, 3: Mentioned, 5: SectionWatched}, nil},
		{"no replies beats an override", Switches{Replies: Off}, Instant, map[forum.PostID]AlertCause{2: Quoted, 3: Mentioned, 5: SectionWatched}, nil},
		{"an override beats replies with the digest", Switches{Replies: WithDigest}, Instant, map[forum.PostID]AlertCause{1: SectionWatched, 2: Quoted, 3: Mentioned, 5: SectionWatched}, nil},
		{"no new threads", Switches{NewThreads: Off}, "", map[forum.PostID]AlertCause{1: SectionWatched, 2: Quoted, 3: Mentioned}, nil},
		{"no quotes: the watch counts", Switches{Quotes: Off}, "", map[forum.PostID]AlertCause{1: SectionWatched, 2: ThreadWatched, 3: Mentioned, 5: SectionWatched}, nil},
		{"no mentions", Switches{Mentions: Off}, "", map[forum.PostID]AlertCause{1: SectionWatched, 2: Quoted, 5: SectionWatched}, nil},
		{"mentions with the digest", Switches{Mentions: WithDigest}, "", map[forum.PostID]AlertCause{1: SectionWatched, 2: Quoted, 3: Mentioned, 5: SectionWatched}, map[forum.PostID]bool{3: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, events := alertCandidate(), postEvents()
			events[1].Quotes, events[2].Mentions = []forum.MemberID{reader}, []forum.MemberID{reader}
			l.Switches = tt.switches
			if tt.override != "" {
				l.Overrides.Sections = map[forum.SectionID]Cadence{1: tt.override}
			}
			got := map[forum.PostID]AlertCause{}
			for _, n := range NewEventIndex(events).AlertItems(l, noon) {
				got[n.Post] = n.Cause
				if n.WithDigest != tt.deferred[n.Post] {
					t.Errorf("post %d is left to the digest: %t", n.Post, n.WithDigest)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("alerts about %v, want %v", got, tt.want)
			}
			for post, cause := range tt.want {
				if got[post] != cause {
					t.Errorf("alerts about %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestAlertItems_OverridesLeaveQuotesToDigests(t *testing.T) {
	for _, tt := range []struct {
		override Cadence
		quotes   Cadence
		want     bool
	}{
		{WithDigest, Instant, true},
		{Weekly, Instant, true},
		{Monthly, WithDigest, true},
		{Weekly, Off, false},
		{Off, Instant, false},
		{Off, WithDigest, false},
	} {
		l, events := alertCandidate(), postEvents()
		events[0].Quotes = []forum.MemberID{reader}
		yes := true
		l.Choices.NewThreadsOnly = &yes
		l.Watches, l.Switches.Quotes = l.Choices.Narrow(l.Watches), tt.quotes
		l.Overrides.Sections = map[forum.SectionID]Cadence{1: tt.override}
		found := false
		for _, n := range NewEventIndex(events).AlertItems(l, noon) {
			if n.Post == 1 {
				if found = true; !n.WithDigest || n.Cause != Quoted {
					t.Errorf("override %s: left to the digest %t, because of a %s", tt.override, n.WithDigest, n.Cause)
				}
			}
		}
		if found != tt.want {
			t.Errorf("override %s, quotes %s: deferred %t, want %t", tt.override, tt.quotes, found, tt.want)
		}
	}
}

func TestAlertItems_WithoutAlertsLeaveKindsToDigests(t *testing.T) {
	for _, tt := range []struct {
		name     string
		switches Switches
		change   func(*AlertCandidate)
		want     []forum.PostID
	}{
		{"at once: they end with the alerts", Switches{}, func(*AlertCandidate) {}, nil},
		{"with the digest", Switches{Quotes: WithDigest, Mentions: WithDigest}, func(*AlertCandidate) {}, []forum.PostID{2, 3}},
		{"one of them off", Switches{Quotes: Off, Mentions: WithDigest}, func(*AlertCandidate) {}, []forum.PostID{3}},
		{"muted", Switches{Quotes: WithDigest, Mentions: WithDigest}, func(l *AlertCandidate) {
			l.Overrides.Threads = map[forum.ThreadID]Cadence{20: Off}
			l.Watches.Muted = map[forum.ThreadID]bool{30: true}
		}, nil},
		{"watches nothing and did not ask", Switches{Quotes: WithDigest, Mentions: WithDigest}, func(l *AlertCandidate) {
			l.Watches, l.Unasked = forum.Watches{}, true
		}, nil},
	} {
		l, events := alertCandidate(), postEvents()
		events[1].Quotes, events[2].Mentions = []forum.MemberID{reader}, []forum.MemberID{reader}
		l.Switches, l.Choices.Alerts = tt.switches, NoAlerts
		tt.change(&l)
		var got []forum.PostID
		for _, n := range NewEventIndex(events).AlertItems(l, noon) {
			if got = append(got, n.Post); !n.WithDigest || !n.Cause.IsDirect() {
				t.Errorf("%s: post %d, left to the digest %t, because of a %s", tt.name, n.Post, n.WithDigest, n.Cause)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: posts %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSwitches_DecideWhatEditionsBring(t *testing.T) {
	for _, tt := range []struct {
		name     string
		switches Switches
		opening  bool
		watched  bool
		deferred AlertCause
		want     Reason
	}{
		{"a reply", Switches{}, false, true, "", ""},
		{"no replies", Switches{Replies: Off}, false, true, "", RepliesOff},
		{"replies with the digest", Switches{Replies: WithDigest}, false, true, "", ""},
		{"no replies: a new thread", Switches{Replies: Off}, true, true, "", ""},
		{"no new threads", Switches{NewThreads: Off}, true, true, "", NewThreadsOff},
		{"no replies: a quote", Switches{Replies: Off}, false, true, Quoted, ""},
		{"no quotes", Switches{Quotes: Off}, false, false, Quoted, QuotesOff},
		{"no quotes: a watched reply", Switches{Quotes: Off}, false, true, Quoted, ""},
		{"no mentions", Switches{Mentions: Off}, false, false, Mentioned, MentionsOff},
		{"no mentions: a quote", Switches{Mentions: Off}, false, false, Quoted, ""},
		{"neither", Switches{Replies: Off, Mentions: Off}, false, true, Mentioned, RepliesOff},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, r := &testForum{}, watcher()
			section := forum.SectionID(2)
			if tt.watched {
				section = 1
			}
			f.thread(1, section, anna)
			post := forum.PostID(5)
			if tt.opening {
				post = 100
			}
			f.post(post, 1, anna)
			r.Switches = tt.switches
			if tt.deferred != "" {
				r.Deferred = map[forum.PostID]AlertCause{post: tt.deferred}
			}
			_, why, known := f.window().Trace(r, post)
			if !known || why != tt.want {
				t.Errorf("left out because of %q, want %q", why, tt.want)
			}
		})
	}
}

func TestAlert_LeavesOutKindsTurnedOffSincePlanned(t *testing.T) {
	for _, tt := range []struct {
		name     string
		switches Switches
		cause    AlertCause
		watched  bool
		want     Reason
	}{
		{"replies off", Switches{Replies: Off}, SectionWatched, true, RepliesOff},
		{"replies with the digest", Switches{Replies: WithDigest}, SectionWatched, true, ReasonLeftToDigest},
		{"quotes off", Switches{Quotes: Off}, Quoted, false, QuotesOff},
		{"quotes off: a watched reply", Switches{Quotes: Off}, Quoted, true, ""},
		{"mentions with the digest", Switches{Mentions: WithDigest}, Mentioned, false, ReasonWithDigest},
		{"mentions off: a quote", Switches{Mentions: Off}, Quoted, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := withReply()
			r, n := alertReader()
			r.Switches, n.Cause = tt.switches, tt.cause
			if !tt.watched {
				delete(r.Watches.Sections, 1)
			}
			d, left := f.window().Alert(r, []AlertItem{n}, f.contents)
			switch {
			case tt.want == "" && d.Empty():
				t.Errorf("left out: %v", left)
			case tt.want != "" && (len(left) != 1 || left[0].Reason != tt.want):
				t.Errorf("left out: %v, want %q", left, tt.want)
			}
		})
	}
}

func TestSwitches_TheMembersComeBeforeTheSites(t *testing.T) {
	got := Switches{Replies: Instant, Quotes: Off}.Or(Switches{Replies: Off, NewThreads: WithDigest})
	want := map[PostKind]Cadence{Replies: Instant, NewThreads: WithDigest, Quotes: Off, Mentions: Instant}
	for kind, c := range want {
		if got.Of(kind) != c {
			t.Errorf("%s are %s, want %s", kind, got.Of(kind), c)
		}
	}
}
