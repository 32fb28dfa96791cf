package admin

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
)

// FuzzAudienceForm checks that the fields of any audience give an audience or errors, and that a valid audience gives the same
// fields again.
func FuzzAudienceForm(f *testing.F) {
	for _, form := range []string{
		"", "group=1&group=2&except_group=3&section=4&locales=de,+en&min_posts=5&max_posts=+7+&joined_after=2026-05-04&visited_before=2026-12-31",
		"min_posts=-1&max_posts=99999999999999999999&joined_before=2026-02-30&joined_after=0000-00-00", "group=9223372036854775808&group=x&section=-1",
		"locales=%00,%ff,,%E2%80%AE&skip_unknown=1", "joined_after=9999-12-31&joined_before=0001-01-01",
	} {
		f.Add(form)
	}
	s := &Server{Deps: Deps{Zone: time.FixedZone("", 14*60*60)}}
	f.Fuzz(func(t *testing.T, raw string) {
		form, err := url.ParseQuery(raw)
		if err != nil || form.Get("only")+form.Get("except") != "" { // lists need the forum: see FuzzParseMemberList
			return
		}
		a, faults, err := s.audience(t.Context(), parseAudienceForm(form, nil))
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) > 0 {
			return
		}
		again, faults, err := s.audience(t.Context(), newAudienceForm(a, s.Zone))
		if err != nil || len(faults) > 0 || !again.JoinedAfter.Equal(a.JoinedAfter) || !again.VisitedBefore.Equal(a.VisitedBefore) || again.MinPosts != a.MinPosts || len(again.Groups) != len(a.Groups) || len(again.Locales) != len(a.Locales) {
			t.Errorf("%+v becomes %+v, %v, %v", a, again, faults, err)
		}
	})
}

// FuzzComposeForm checks that any speed and canary give a valid plan or errors, and that the variants are those of the form.
func FuzzComposeForm(f *testing.F) {
	for _, form := range []string{
		"", "locale=en&title=A&body=B&locale=de&title=C&body=D%0D%0A&speed=60&canary=1,5&wait=60", "speed=NaN&canary=Inf&wait=1e300", "speed=1e9&canary=100&wait=-0",
		"locale=en&title=%00&body=%ff", "canary=0x1p-2&speed=1_0&wait=1e9", strings.Repeat("locale=&title=x&body=y&", 30),
	} {
		f.Add(form)
	}
	s := &Server{Deps: Deps{Settings: settings.Settings{Digest: settings.DefaultDigest(), Announce: settings.DefaultAnnouncements()}}}
	f.Fuzz(func(t *testing.T, raw string) {
		form, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		variants := parseVariants(form["locale"], form["title"], form["body"])
		if len(variants) < 1 || len(variants) > maxVariants {
			t.Errorf("%d variants", len(variants))
		}
		for i, v := range variants {
			if v.Number != i+1 || strings.HasSuffix(v.Body, "\n") || v.Title != strings.TrimSpace(v.Title) {
				t.Errorf("variant %+v", v)
			}
		}
		var a digest.Announcement
		view := composeView{Speed: strings.TrimSpace(form.Get("speed")), Canary: strings.TrimSpace(form.Get("canary")), Wait: strings.TrimSpace(form.Get("wait"))}
		s.parseSpeedAndCanary(&a, &view)
		if len(view.Errors) == 0 && (a.Speed < 0 || a.Canary.Share < 0 || a.Canary.Share > 1 || a.Canary.Wait < 0) {
			t.Errorf("speed %d, canary %+v", a.Speed, a.Canary)
		}
	})
}
