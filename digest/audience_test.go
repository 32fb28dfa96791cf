package digest

import (
	"testing"
	"time"

	"postrider/forum"
)

func TestAudience_ExcludesWithReason(t *testing.T) {
	may := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	june := may.AddDate(0, 1, 0)
	for _, tt := range []struct {
		name string
		a    Audience
		edit func(*Candidate)
		want Reason
	}{
		{"all members", Audience{}, nil, ""},
		{"in one of the groups", Audience{Groups: []forum.GroupID{9, 4}}, nil, ""},
		{"in none of the groups", Audience{Groups: []forum.GroupID{9}}, nil, NotInGroup},
		{"in an excluded group", Audience{Groups: []forum.GroupID{4}, ExceptGroups: []forum.GroupID{2}}, nil, Excepted},
		{"on the list", Audience{Only: []forum.MemberID{3, 7, 8}}, nil, ""},
		{"not on the list", Audience{Only: []forum.MemberID{3, 8}}, nil, NotOnList},
		{"on the list and excluded", Audience{Only: []forum.MemberID{7}, Except: []forum.MemberID{7}}, nil, Excepted},
		{"with the language", Audience{Locales: []string{"fr", "de"}}, nil, ""},
		{"with the language of another region", Audience{Locales: []string{"de-CH"}}, nil, NoSuchLocale},
		{"with the language in the spelling of the forum", Audience{Locales: []string{"DE_at"}}, nil, ""},
		{"with a language that only shares a prefix", Audience{Locales: []string{"d"}}, nil, NoSuchLocale},
		{"without a language", Audience{Locales: []string{"de"}}, func(c *Candidate) { c.Member.Locale = "" }, NoSuchLocale},
		{"with the exact number of posts", Audience{MinPosts: 10, MaxPosts: 10}, nil, ""},
		{"with too few posts", Audience{MinPosts: 11}, nil, PostCount},
		{"with too many posts", Audience{MaxPosts: 9}, nil, PostCount},
		{"joined on the first day", Audience{JoinedAfter: may, JoinedBefore: june}, nil, ""},
		{"joined too early", Audience{JoinedAfter: may.Add(1)}, nil, JoinDate},
		{"joined on the excluded last day", Audience{JoinedBefore: may}, nil, JoinDate},
		{"no visit since", Audience{VisitedBefore: june}, func(c *Candidate) { c.Profile.VisitedAt = may }, ""},
		{"a visit since", Audience{VisitedBefore: june}, nil, LastVisit},
		{"never visited counts as before any date", Audience{VisitedBefore: may}, func(c *Candidate) { c.Profile.VisitedAt = time.Time{} }, ""},
		{"never visited does not count as after any date", Audience{VisitedAfter: may}, func(c *Candidate) { c.Profile.VisitedAt = time.Time{} }, LastVisit},
		{"nothing known, no condition on it", Audience{}, func(c *Candidate) { c.Profile = forum.Profile{Unknown: true} }, ""},
		{"posts not known", Audience{MaxPosts: 9}, func(c *Candidate) { c.Profile = forum.Profile{Unknown: true} }, PostCount},
		{"join date not known", Audience{JoinedBefore: june}, func(c *Candidate) { c.Profile = forum.Profile{Unknown: true} }, JoinDate},
		{"last visit not known", Audience{VisitedBefore: june}, func(c *Candidate) { c.Profile = forum.Profile{Unknown: true} }, LastVisit},
		{"watches one of the sections", Audience{Sections: []forum.SectionID{8, 1}}, nil, ""},
		{"watches none of the sections", Audience{Sections: []forum.SectionID{8}}, nil, NotWatching},
		{"watches a section that is no longer readable", Audience{Sections: []forum.SectionID{3}}, nil, NotWatching},
		{"all criteria must match", Audience{MinPosts: 5, Groups: []forum.GroupID{4}, Locales: []string{"fr"}}, nil, NoSuchLocale},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Candidate{
				Member:  forum.Member{ID: 7, Locale: "de-AT"},
				Profile: forum.Profile{Posts: 10, JoinedAt: may, VisitedAt: june},
				Groups:  []forum.GroupID{2, 4},
				Access:  forum.Access{1: forum.ReadOwn},
				Watches: forum.Watches{Sections: map[forum.SectionID]forum.Watch{1: {}, 3: {}}},
			}
			if tt.edit != nil {
				tt.edit(&c)
			}
			if got := tt.a.ExclusionReason(&c); got != tt.want {
				t.Errorf("ExclusionReason = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnnouncement_ForcedOverridesOnlyOptOutsAndPauses(t *testing.T) {
	no := false
	for _, tt := range []struct {
		name         string
		noMail       string
		choices      Preferences
		want, forced Reason
	}{
		{"no reason against it", "", Preferences{}, "", ""},
		{"opted out on the forum", forum.OptedOut, Preferences{}, Reason(forum.OptedOut), ""},
		{"opted out in Postrider", "", Preferences{Announcements: &no}, OptedOutOfAnnouncements, ""},
		{"both", forum.OptedOut, Preferences{Announcements: &no}, Reason(forum.OptedOut), ""},
		{"emails paused longer than the maximum delay", "", Preferences{PausedUntil: noon.Add(maxDelay + 1)}, EmailPaused, ""},
		{"emails paused for the maximum delay", "", Preferences{PausedUntil: noon.Add(maxDelay)}, "", ""},
		{"a pause that is over", "", Preferences{PausedUntil: noon}, "", ""},
		{"banned", "banned", Preferences{}, "banned", "banned"},
		{"no address", "no address", Preferences{}, "no address", "no address"},
	} {
		m := forum.Member{NoMail: tt.noMail}
		if m.NoMail == forum.OptedOut {
			m = forum.Member{OptOuts: forum.Announcements}
		}
		c := Candidate{Member: m, Choices: tt.choices}
		if got := (&Announcement{}).ExclusionReason(&c, noon); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := (&Announcement{Forced: true}).ExclusionReason(&c, noon); got != tt.forced {
			t.Errorf("%s, forced: %q, want %q", tt.name, got, tt.forced)
		}
	}
}

func TestAnnouncement_WaitsForTheEndOfAPause(t *testing.T) {
	c := Candidate{Choices: Preferences{PausedUntil: noon.Add(time.Hour)}}
	if got := (&Announcement{}).NotBefore(&c, noon); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("NotBefore = %v, want the end of the pause", got)
	}
	if got := (&Announcement{}).NotBefore(&c, noon.Add(time.Hour)); !got.IsZero() {
		t.Errorf("after the pause NotBefore = %v, want none", got)
	}
	if got := (&Announcement{Forced: true}).NotBefore(&c, noon); !got.IsZero() {
		t.Errorf("a forced announcement waits until %v", got)
	}
}
