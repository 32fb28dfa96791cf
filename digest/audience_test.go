package digest

import (
	"testing"
	"time"

	"postrider/forum"
)

func TestAnAudienceExcludesWithItsReason(t *testing.T) {
	may := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	june := may.AddDate(0, 1, 0)
	for _, tt := range []struct {
		name string
		a    Audience
		tell func(*Candidate)
		want Reason
	}{
		{"everybody", Audience{}, nil, ""},
		{"in one of the groups", Audience{Groups: []forum.GroupID{9, 4}}, nil, ""},
		{"in none of the groups", Audience{Groups: []forum.GroupID{9}}, nil, NotInGroup},
		{"in an excepted group", Audience{Groups: []forum.GroupID{4}, ExceptGroups: []forum.GroupID{2}}, nil, Excepted},
		{"on the list", Audience{Only: []forum.MemberID{3, 7, 8}}, nil, ""},
		{"not on the list", Audience{Only: []forum.MemberID{3, 8}}, nil, NotOnList},
		{"on the list and excepted", Audience{Only: []forum.MemberID{7}, Except: []forum.MemberID{7}}, nil, Excepted},
		{"of the language", Audience{Locales: []string{"fr", "de"}}, nil, ""},
		{"of the language as spoken elsewhere", Audience{Locales: []string{"de-CH"}}, nil, NoSuchLocale},
		{"of the language as the forum spells it", Audience{Locales: []string{"DE_at"}}, nil, ""},
		{"of a language that only begins alike", Audience{Locales: []string{"d"}}, nil, NoSuchLocale},
		{"of no language", Audience{Locales: []string{"de"}}, func(c *Candidate) { c.Member.Locale = "" }, NoSuchLocale},
		{"with as many posts", Audience{MinPosts: 10, MaxPosts: 10}, nil, ""},
		{"with too few posts", Audience{MinPosts: 11}, nil, PostCount},
		{"with too many posts", Audience{MaxPosts: 9}, nil, PostCount},
		{"joined on the first day", Audience{JoinedAfter: may, JoinedBefore: june}, nil, ""},
		{"joined too early", Audience{JoinedAfter: may.Add(1)}, nil, JoinDate},
		{"joined on the day that is outside", Audience{JoinedBefore: may}, nil, JoinDate},
		{"not seen since", Audience{VisitedBefore: june}, func(c *Candidate) { c.Profile.VisitedAt = may }, ""},
		{"seen since", Audience{VisitedBefore: june}, nil, LastVisit},
		{"never seen is before any moment", Audience{VisitedBefore: may}, func(c *Candidate) { c.Profile.VisitedAt = time.Time{} }, ""},
		{"never seen is not after any", Audience{VisitedAfter: may}, func(c *Candidate) { c.Profile.VisitedAt = time.Time{} }, LastVisit},
		{"watches one of the sections", Audience{Sections: []forum.SectionID{8, 1}}, nil, ""},
		{"watches none of the sections", Audience{Sections: []forum.SectionID{8}}, nil, NotWatching},
		{"watches a section that he may not read any more", Audience{Sections: []forum.SectionID{3}}, nil, NotWatching},
		{"all must hold", Audience{MinPosts: 5, Groups: []forum.GroupID{4}, Locales: []string{"fr"}}, nil, NoSuchLocale},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Candidate{
				Member:  forum.Member{ID: 7, Locale: "de-AT"},
				Profile: forum.Profile{Posts: 10, JoinedAt: may, VisitedAt: june},
				Groups:  []forum.GroupID{2, 4},
				Access:  forum.Access{1: forum.ReadOwn},
				Watches: forum.Watches{Sections: map[forum.SectionID]forum.Watch{1: {}, 3: {}}},
			}
			if tt.tell != nil {
				tt.tell(&c)
			}
			if got := tt.a.ExclusionReason(&c); got != tt.want {
				t.Errorf("Excludes = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatIsForcedOverridesOptOutsAndNothingElse(t *testing.T) {
	no := false
	for _, tt := range []struct {
		name         string
		noMail       string
		choices      Preferences
		want, forced Reason
	}{
		{"nothing against it", "", Preferences{}, "", ""},
		{"opted out on the forum", forum.OptedOut, Preferences{}, Reason(forum.OptedOut), ""},
		{"opted out with us", "", Preferences{Announcements: &no}, OptedOutOfAnnouncements, ""},
		{"both", forum.OptedOut, Preferences{Announcements: &no}, Reason(forum.OptedOut), ""},
		{"mail paused for long", "", Preferences{PausedUntil: noon.Add(maxDelay + 1)}, EmailPaused, ""},
		{"mail paused for some days", "", Preferences{PausedUntil: noon.Add(maxDelay)}, "", ""},
		{"a pause that is over", "", Preferences{PausedUntil: noon}, "", ""},
		{"banned", "banned", Preferences{}, "banned", "banned"},
		{"no address", "no address", Preferences{}, "no address", "no address"},
	} {
		c := Candidate{Member: forum.Member{NoMail: tt.noMail}, Choices: tt.choices}
		if got := (&Announcement{}).ExclusionReason(&c, noon); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := (&Announcement{Forced: true}).ExclusionReason(&c, noon); got != tt.forced {
			t.Errorf("%s, forced: %q, want %q", tt.name, got, tt.forced)
		}
	}
}

func TestWhoHasPausedHisMailGetsItAfterwards(t *testing.T) {
	c := Candidate{Choices: Preferences{PausedUntil: noon.Add(time.Hour)}}
	if got := (&Announcement{}).NotBefore(&c, noon); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("he gets it at %v", got)
	}
	if got := (&Announcement{}).NotBefore(&c, noon.Add(time.Hour)); !got.IsZero() {
		t.Errorf("after the pause he gets it at %v", got)
	}
	if got := (&Announcement{Forced: true}).NotBefore(&c, noon); !got.IsZero() {
		t.Errorf("what is forced waits until %v", got)
	}
}
