package web_test

import (
	"net/http"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
)

func TestSettings_SearchListsMatchingWatchesAndSectionsToAdd(t *testing.T) {
	w := newFixture(t)
	settings := w.url(link.Settings, 0)
	found := w.get(settings + "?find=" + "SIGNAL") // a section that Anna watches
	if !strings.Contains(found.body, `name="section-10"`) || strings.Contains(found.body, `name="section-4"`) {
		t.Error("the search does not list the watched section that it is for, or lists others")
	}
	if !strings.Contains(found.body, `<a href="`+w.source.Links().Section(10)+`"`) {
		t.Error("the title does not link to the section on the forum")
	}
	f := w.findForm(found.body, "?find=SIGNAL")
	f.Set("section-10", "weekly")
	if got := w.submit(f); got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "?done=saved&find=SIGNAL") {
		t.Errorf("saving leads to %d %q", got.status, got.header.Get("Location"))
	}
	if got := w.overrides().Sections; len(got) != 1 || got[10] != digest.Weekly {
		t.Errorf("overrides are %v", got)
	}
	if page := w.get(settings + "?find=%3Cb%3E%22"); strings.Contains(page.body, "<b>") || page.status != http.StatusOK {
		t.Errorf("status %d, or the page does not escape what was searched", page.status)
	}
}

func TestSettings_AddsASectionThatMembersMayRead(t *testing.T) {
	w := newFixture(t)
	settings := w.url(link.Settings, 0)
	var readable, secret int64
	const ofAnna = `FROM permission p JOIN member m ON m.role_id = p.role_id AND m.id = 13`
	check(t, w.forumDB.QueryRow(`SELECT section_id `+ofAnna+` WHERE section_id NOT IN (SELECT section_id FROM section_watch WHERE member_id = 13) LIMIT 1`).Scan(&readable))
	check(t, w.forumDB.QueryRow(`SELECT id FROM section WHERE id NOT IN (SELECT section_id `+ofAnna+`) LIMIT 1`).Scan(&secret))
	var title, secretTitle string
	check(t, w.forumDB.QueryRow(`SELECT title FROM section WHERE id = ?`, readable).Scan(&title))
	check(t, w.forumDB.QueryRow(`SELECT title FROM section WHERE id = ?`, secret).Scan(&secretTitle))
	page := w.get(settings + "?find=" + strings.ToUpper(strings.Fields(title)[0]))
	if !strings.Contains(visibleText(t, page.body), title) || !strings.Contains(page.body, `form="add"`) {
		t.Errorf("the search does not offer %q: %s", title, visibleText(t, page.body))
	}
	if page := w.get(settings + "?find=" + strings.Fields(secretTitle)[0]); strings.Contains(visibleText(t, page.body), secretTitle) {
		t.Errorf("the search shows %q, which Anna may not read", secretTitle)
	}
	id := func(n int64) string { return string(rune('0' + n)) }
	for _, pair := range [][2]string{{"digest", id(secret)}, {"instant", "x"}, {"digest", "999"}, {"other", id(readable)}} {
		w.post(settings+"/add", pair[0], pair[1])
	}
	if got := w.overrides(); len(got.Added) > 0 {
		t.Errorf("added are %v", got.Added)
	}
	if got := w.post(settings+"/add", "instant", id(readable)); got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), "done=added") {
		t.Errorf("adding leads to %d %q", got.status, got.header.Get("Location"))
	}
	if got := w.overrides(); len(got.Added) != 1 || got.Sections[forum.SectionID(readable)] != digest.Instant {
		t.Errorf("added are %+v", got)
	}
	_, f := w.openSettings()
	if f.Get("section-"+id(readable)) != "instant" {
		t.Errorf("the section is not listed: %v", f.Values)
	}
	f.Set("section-"+id(readable), "")
	w.submit(f)
	if _, f := w.openSettings(); f.Has("section-"+id(readable)) || len(w.overrides().Added) > 0 {
		t.Error("the section is still watched after it was removed")
	}
}

func TestSettings_ChangesAllListedWatches(t *testing.T) {
	w := newFixture(t)
	got := w.get(w.url(link.Settings, 0) + "?find=signal")
	f := w.findForm(got.body, "?find=signal")
	f.Set("all", "weekly")
	w.submit(f)
	if got := w.overrides(); len(got.Sections) != 1 || got.Sections[10] != digest.Weekly || len(got.Threads) > 0 {
		t.Errorf("overrides are %+v, want one of the listed section", got)
	}
	_, f = w.openSettings()
	f.Set("all", "off")
	w.submit(f)
	_, f = w.openSettings()
	for name := range f.Values {
		if (strings.HasPrefix(name, "section-") || strings.HasPrefix(name, "thread-")) && f.Get(name) != "off" {
			t.Errorf("%s is %q, want off", name, f.Get(name))
		}
	}
	f.Set("all", "hourly")
	if got := w.submit(f); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown value: status %d", got.status)
	}
}

func TestSettings_ListPastEmailsOfTheirMember(t *testing.T) {
	w, messages := newFixtureWithMessages(t)
	page, _ := w.openSettings()
	shown := 0
	for _, m := range messages {
		for _, address := range m.links("v/") {
			path := strings.TrimPrefix(address, w.site.URL)
			if strings.Contains(page, `href="`+path+`"`) {
				shown++
			}
		}
	}
	if shown != len(messages) {
		t.Errorf("the settings show %d of %d emails", shown, len(messages))
	}
}
