package web_test

import (
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/demo"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/store"
)

// saveSubscriber saves Anna as a subscriber, as the daemon's sync does.
func (w *fixture) saveSubscriber(due time.Time) {
	w.Helper()
	sub := store.Subscriber{ID: anna, Zone: "Europe/Berlin", Locale: "en", Due: due}
	check(w, w.store.Subscribers.Save(w.Context(), w.now, []store.Subscriber{sub}))
}

func (w *fixture) nextDue() time.Time {
	w.Helper()
	return must(w.store.Subscribers.Get(w.Context(), []forum.MemberID{anna}))(w)[anna].Due
}

func TestSettings_UnchangedFormSavesNothing(t *testing.T) {
	w := newFixture(t)
	_, f := w.openSettings()
	if got := w.submit(f); got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "?done=saved") {
		t.Fatalf("status %d to %q", got.status, got.header.Get("Location"))
	}
	got := w.preferences()
	if got.ChosenAt = (time.Time{}); !reflect.DeepEqual(got, digest.Preferences{}) {
		t.Errorf("saved preferences are %+v", got)
	}
	if overrides := w.overrides(); len(overrides.Sections)+len(overrides.Threads) > 0 {
		t.Errorf("saved overrides are %+v", overrides)
	}
}

// changeEveryField changes every field of a form.
func changeEveryField(f form) form {
	for name, value := range map[string]string{
		"cadence": "weekly", "weekday": "5", "hour": "19", "zone": "Asia/Tokyo", "locale": "en", "format": "text", "excerpt": "20000",
		"own": "yes", "weekends": "yes", "threads_only": "yes", "unread": "yes", "alerts": "every", "bundle": "15m", "quiet": "yes", "quiet_from": "21", "quiet_until": "6",
		"pause": "2026-05-20", "section-4": "weekly", "section-9": "off", "thread-47": "instant",
	} {
		f.Set(name, value)
	}
	f.Del("announcements")
	return f
}

func TestSettings_SavesEveryField(t *testing.T) {
	w := newFixture(t)
	_, f := w.openSettings()
	sent := changeEveryField(f)
	if got := w.submit(sent); got.status != http.StatusSeeOther {
		t.Fatalf("status %d: %s", got.status, visibleText(t, got.body))
	}
	yes, no := true, false
	tokyo := must(time.LoadLocation("Asia/Tokyo"))(t)
	var noChoice forum.DigestChoice // on the forum
	want := digest.Preferences{
		Schedule: &digest.Schedule{Cadence: digest.Weekly, Hour: 19, Weekday: time.Friday},
		Zone:     "Asia/Tokyo", Locale: "en", Format: digest.Text, Excerpt: digest.WholePosts, IncludeOwnPosts: &yes, UnreadOnly: &yes, WeekendsOff: &yes, NewThreadsOnly: &yes,
		Alerts: digest.EveryReply, Bundle: digest.QuarterHour, Announcements: &no, Quiet: &digest.QuietHours{From: 21, Until: 6},
		PausedUntil: time.Date(2026, 5, 20, 0, 0, 0, 0, tokyo).UTC(), ChosenAt: w.now,
		ForumDigests: &noChoice,
	}
	if got := w.preferences(); !reflect.DeepEqual(got, want) {
		t.Errorf("preferences are\n%+v, want\n%+v", got, want)
	}
	overrides := w.overrides()
	if !maps.Equal(overrides.Sections, map[forum.SectionID]digest.Cadence{4: digest.Weekly, 9: digest.Off}) ||
		!maps.Equal(overrides.Threads, map[forum.ThreadID]digest.Cadence{47: digest.Instant}) {
		t.Errorf("overrides are %+v", overrides)
	}
	if _, now := w.openSettings(); !reflect.DeepEqual(now.Values, sent.Values) {
		for name := range sent.Values {
			if !slices.Equal(now.Values[name], sent.Values[name]) {
				t.Errorf("field %s is %q after saving, want %q", name, now.Values[name], sent.Values[name])
			}
		}
	}
}

func TestSettings_ChoicesCanBeReverted(t *testing.T) {
	w := newFixture(t)
	_, before := w.openSettings()
	w.submit(changeEveryField(form{before.action, maps.Clone(before.Values)}))
	w.submit(before)
	if _, after := w.openSettings(); !reflect.DeepEqual(after.Values, before.Values) {
		t.Errorf("the form is %v, want %v", after.Values, before.Values)
	}
	if overrides := w.overrides(); len(overrides.Sections)+len(overrides.Threads) > 0 {
		t.Errorf("overrides are %+v, want none", overrides)
	}
}

func TestSettings_RescheduleTheNextDigest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change map[string]string
		due    string
		says   string
	}{
		{"another hour", map[string]string{"hour": "19"}, "2026-05-04T17:00:00Z", "Mon 4 May, 19:00"},
		{"another day", map[string]string{"cadence": "weekly", "weekday": "2", "hour": "8"}, "2026-05-05T06:00:00Z", "Tue 5 May, 08:00"},
		{"every few hours", map[string]string{"cadence": "hours", "every": "4", "hour": "0"}, "2026-05-04T10:00:00Z", "Mon 4 May, 12:00"},
		{"another zone", map[string]string{"zone": "Asia/Tokyo"}, "2026-05-04T23:00:00Z", "Tue 5 May, 08:00"},
		{"a pause", map[string]string{"pause": "2026-05-20"}, "2026-05-20T06:00:00Z", "paused until Wednesday, 20 May 2026"},
		{"never", map[string]string{"cadence": "off"}, "", "Digests are turned off."},
	} {
		w := newFixture(t)
		w.saveSubscriber(w.now.Add(21 * time.Hour))
		_, f := w.openSettings()
		f.Set("locale", "en")
		for name, value := range tt.change {
			f.Set(name, value)
		}
		w.submit(f)
		due := ""
		if at := w.nextDue(); !at.IsZero() {
			due = at.Format(time.RFC3339)
		}
		page, _ := w.openSettings()
		if due != tt.due || !strings.Contains(visibleText(t, page), tt.says) {
			t.Errorf("%s: due %s, want %s; page says %.300s", tt.name, due, tt.due, visibleText(t, page))
		}
	}
}

func TestSettings_InvalidFormSavesNothing(t *testing.T) {
	w := newFixture(t)
	before := w.dumpStore()
	for name, tt := range map[string]struct{ field, value, fault string }{
		"no such zone":                  {"zone", "Atlantis/Poseidonis", "zone"},
		"no zone":                       {"zone", "", "zone"},
		"the local zone of the machine": {"zone", "Local", "zone"},
		"a zone outside of the list":    {"zone", "../../etc/passwd", "zone"},
		"a pause in the past":           {"pause", "2026-05-04", "pause"},
		"a pause that is too long":      {"pause", "2028-01-01", "pause"},
		"no day":                        {"pause", "tomorrow", "pause"},
		"no cadence":                    {"cadence", "hourly", "form"},
		"no hour":                       {"hour", "24", "form"},
		"an unknown language":           {"locale", "tlh", "form"},
		"an unknown format":             {"format", "pdf", "form"},
		"an unknown length":             {"excerpt", "301", "form"},
		"an unknown mode":               {"alerts", "sometimes", "form"},
		"an unknown override":           {"section-4", "hourly", "form"},
	} {
		_, f := w.openSettings()
		f.Set("own", "yes")
		if tt.field != "zone" {
			f.Set("zone", " utc+2")
		}
		f.Set(tt.field, tt.value)
		got := w.submit(f)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="fault-`+tt.fault+`"`) {
			t.Errorf("%s: status %d without the error %q", name, got.status, tt.fault)
		}
		again := w.findForm(got.body, strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL))
		if tt.field != "zone" && again.Get("zone") != "utc+2" {
			t.Errorf("%s: the time zone is %q, want what was typed", name, again.Get("zone"))
		}
		if again.Get("own") != "yes" || tt.fault != "form" && again.Get(tt.field) != tt.value {
			t.Errorf("%s: the form lost its input: %q", name, again.Get(tt.field))
		}
	}
	_, f := w.openSettings()
	f.Set("quiet", "yes")
	f.Set("quiet_from", "7")
	f.Set("quiet_until", "7")
	if got := w.submit(f); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="fault-quiet"`) {
		t.Errorf("quiet hours without length: status %d", got.status)
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func TestSettings_IgnoresOverridesOfUnwatchedItems(t *testing.T) {
	w := newFixture(t)
	_, f := w.openSettings()
	f.Set("section-2", "weekly") // not watched
	f.Set("section-999", "weekly")
	f.Set("thread-999", "off")
	if got := w.submit(f); got.status != http.StatusSeeOther {
		t.Fatalf("status %d", got.status)
	}
	if overrides := w.overrides(); len(overrides.Sections)+len(overrides.Threads) > 0 {
		t.Errorf("overrides are %+v, want none", overrides)
	}
}

func TestSettings_ListsOnlyReadableTitles(t *testing.T) {
	w := newFixture(t)
	must(w.forumDB.Exec(`INSERT OR IGNORE INTO thread_watch SELECT 13, id, 1 FROM thread`))(t)
	must(w.forumDB.Exec(`INSERT OR IGNORE INTO section_watch SELECT 13, id, 'posts', 1 FROM section`))(t)
	_, f := w.openSettings()
	pages := f.Values
	for n := 2; ; n++ {
		got := w.get(w.url(link.Settings, 0) + "?page=" + strconv.Itoa(n))
		if !strings.Contains(got.body, `name="thread-`) {
			break
		}
		maps.Copy(pages, w.findForm(got.body, "?page="+strconv.Itoa(n)).Values)
	}
	for query, field := range map[string]string{
		`SELECT t.id, t.state = 'visible' AND t.moved_to IS NULL AND EXISTS (SELECT 1 FROM permission p JOIN member m ON m.role_id = p.role_id
			WHERE m.id = 13 AND p.section_id = t.section_id AND (p.reads = 'all' OR t.starter_id = 13)) FROM thread t`: "thread-",
		`SELECT s.id, EXISTS (SELECT 1 FROM permission p JOIN member m ON m.role_id = p.role_id WHERE m.id = 13 AND p.section_id = s.id)
			FROM section s`: "section-",
	} {
		rows := must(w.forumDB.Query(query))(t)
		defer rows.Close()
		seen := map[bool]int{}
		for rows.Next() {
			var id int64
			var may bool
			check(t, rows.Scan(&id, &may))
			if _, listed := pages[field+strconv.FormatInt(id, 10)]; listed != may {
				t.Errorf("%s%d is listed: %v, is readable: %v", field, id, listed, may)
			}
			seen[may]++
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("the sample forum lacks readable or unreadable items: %v", seen)
		}
	}
}

// Forums keep the group permissions of banned members (XenForo) and block them when they visit.
func TestSettings_HidesTitlesFromBannedMembers(t *testing.T) {
	w := newFixture(t)
	var thread int64
	var title string
	check(t, w.forumDB.QueryRow(`SELECT t.id, t.title FROM thread t JOIN thread_watch w ON w.thread_id = t.id JOIN permission p ON p.section_id = t.section_id AND p.role_id = 1
		WHERE w.member_id = 13 AND t.state = 'visible' AND p.reads = 'all' LIMIT 1`).Scan(&thread, &title))
	titles := func() (list, stop bool) {
		list = regexp.MustCompile(`name="(section|thread)-`).MatchString(w.get(w.url(link.Settings, 0)).body)
		return list, strings.Contains(w.get(w.url(link.Thread, thread)).body, html.EscapeString(title))
	}
	if list, stop := titles(); !list || !stop {
		t.Fatalf("active member: titles in the settings: %v, on the unsubscribe page: %v", list, stop)
	}
	for _, state := range []string{"banned", "unconfirmed", "disabled"} {
		must(w.forumDB.Exec("UPDATE member SET state = ? WHERE id = 13", state))(t)
		if list, stop := titles(); list || stop {
			t.Errorf("%s: titles in the settings: %v, on the unsubscribe page: %v", state, list, stop)
		}
	}
	if got := w.get(w.url(link.Settings, 0)); got.status != http.StatusOK {
		t.Errorf("settings: status %d", got.status)
	}
}

// Fifty times such a page number overflows.
func TestSettings_AcceptsAPageBeyondTheLast(t *testing.T) {
	w := newFixture(t)
	for _, n := range []string{"2", "9223372036854775807", "4611686018427387904", "99999999999999999999", "-1", "x"} {
		if got := w.get(w.url(link.Settings, 0) + "?page=" + n); got.status != http.StatusOK {
			t.Errorf("page %s: status %d", n, got.status)
		}
	}
}

func TestLinks_OpenOnlyTheirOwnPage(t *testing.T) {
	w := newFixture(t)
	before := w.dumpStore()
	token := func(scope link.Scope) string {
		address := w.url(scope, 0)
		return address[strings.LastIndexByte(address, '/')+1:]
	}
	for _, scope := range []link.Scope{link.Digests, link.Everything, link.View} {
		w.open() // resets the rate limits
		for _, got := range []response{
			w.get(w.site.URL + "/postrider/s/" + token(scope)),
			w.post(w.site.URL+"/postrider/s/"+token(scope), "cadence", "off"),
			w.post(w.site.URL + "/postrider/s/" + token(scope) + "/now"),
		} {
			if got.status != http.StatusNotFound {
				t.Errorf("settings with a token of scope %d: status %d, want 404", scope, got.status)
			}
		}
	}
	w.open()
	for _, scope := range []link.Scope{link.Settings, link.View} {
		if got := w.post(w.site.URL+"/postrider/u/"+token(scope), "List-Unsubscribe", "One-Click"); got.status != http.StatusNotFound {
			t.Errorf("unsubscribe with a token of scope %d: status %d, want 404", scope, got.status)
		}
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func TestSettings_AreGoneForDeletedMembers(t *testing.T) {
	w := newFixture(t)
	if got := w.get(w.links.URL(link.Claims{Scope: link.Settings, Member: 9999})); got.status != http.StatusGone {
		t.Errorf("status %d, want 410", got.status)
	}
}

func TestSettings_WorkForMembersWhoOptedOut(t *testing.T) {
	w := newFixture(t)
	w.saveSubscriber(w.now.Add(21 * time.Hour))
	must(w.forumDB.Exec(`UPDATE member SET wants_mail = 0 WHERE id = 13`))(t)
	page, f := w.openSettings()
	f.Set("locale", "en")
	if f.Get("cadence") != "off" || f.Get("alerts") != "off" || f.Has("announcements") || !strings.Contains(visibleText(t, page), "abgeschaltet") {
		t.Errorf("the form is %v; page says %.300s", f.Values, visibleText(t, page))
	}
	f.Set("cadence", "weekly")
	w.submit(f)
	page, f = w.openSettings()
	if f.Get("cadence") != "weekly" || f.Get("alerts") != "off" || !strings.Contains(visibleText(t, page), "Your next digest: Mon 11 May, 08:00") {
		t.Errorf("the form is %v; page says %.300s", f.Values, visibleText(t, page))
	}
}

func TestSettings_SayWhoDecidedWhenDigestsCome(t *testing.T) {
	w := newFixture(t)
	w.saveSubscriber(w.now.Add(21 * time.Hour))
	shows := func(cadence, text string) {
		t.Helper()
		page, f := w.openSettings()
		if f.Get("cadence") != cadence || !strings.Contains(visibleText(t, page), text) {
			t.Errorf("digests are %q, want %q and %q; the page says %.300s", f.Get("cadence"), cadence, text, visibleText(t, page))
		}
	}
	must(w.forumDB.Exec(`UPDATE member SET locale = 'en' WHERE id = 13`))(t)
	shows("daily", "This is the default of")
	must(w.forumDB.Exec(`INSERT INTO digest_setting VALUES (13, 'monthly 7')`))(t)
	shows("monthly", "You chose this in your settings on")
	_, f := w.openSettings()
	w.submit(f) // saves no choice
	shows("monthly", "You chose this in your settings on")
	f.Set("cadence", "weekly")
	w.submit(f)
	shows("weekly", "You chose this here")
	must(w.storeDB.Exec(`UPDATE preference SET set_by_admin = TRUE`))(t)
	shows("weekly", "An administrator of "+demo.Name+" set this")
	_, f = w.openSettings()
	f.Set("own", "yes")
	w.submit(f) // no choice of the schedule
	shows("weekly", "An administrator of "+demo.Name+" set this")
	f.Set("hour", "19")
	w.submit(f)
	shows("weekly", "You chose this here")
	must(w.forumDB.Exec(`UPDATE digest_setting SET choice = 'off'`))(t)
	shows("off", "You chose this in your settings on")
}

func TestSettings_HideAlertsWhenDisabled(t *testing.T) {
	w := newFixture(t)
	w.settings.Alerts.Enabled = false
	w.open()
	page, f := w.openSettings()
	if f.Has("alerts") || f.Has("quiet_from") || strings.Contains(page, `value="instant"`) {
		t.Errorf("the form is %v", f.Values)
	}
	if got := w.submit(f); got.status != http.StatusSeeOther {
		t.Errorf("status %d", got.status)
	}
}

// saveSightings saves the forum's newest posts as sightings without alerts.
func (w *fixture) saveSightings() {
	w.Helper()
	rows := must(w.forumDB.Query(`SELECT p.id, p.thread_id, t.section_id, p.author_id, p.posted_at FROM post p JOIN thread t ON t.id = p.thread_id
		WHERE t.section_id = 4 AND p.author_id <> 13 ORDER BY p.id DESC LIMIT 20`))(w)
	defer rows.Close()
	var seen []forum.Arrival
	for rows.Next() {
		a := forum.Arrival{Visible: true}
		var posted int64
		check(w, rows.Scan(&a.Post, &a.Thread, &a.Section, &a.Author, &posted))
		a.PostedAt = time.Unix(posted, 0)
		seen = append(seen, a)
	}
	must(w.store.Sightings.Save(w.Context(), store.ScanResult{Now: w.now, Sighted: seen, Cursor: 1 << 40}))(w)
	from := must(w.store.Alerts.Progress(w.Context()))(w)
	_, _, err := w.store.Alerts.Plan(w.Context(), w.now, from, store.AlertProgress{Done: from.Head, Until: from.Head}, 10, nil)
	check(w, err)
}

func TestSendNow_QueuesOneDigestAnHour(t *testing.T) {
	w := newFixture(t)
	w.saveSubscriber(w.now.Add(21 * time.Hour))
	if got := w.post(w.url(link.Settings, 0) + "/now"); !strings.HasSuffix(got.header.Get("Location"), "?done=empty") || w.wakeups > 0 {
		t.Errorf("nothing new: redirected to %q, woken %d times", got.header.Get("Location"), w.wakeups)
	}
	w.saveSightings()
	page, _ := w.openSettings()
	if !strings.Contains(page, "/now\"") {
		t.Fatalf("page has no button to send now: %.300s", visibleText(t, page))
	}
	now := w.findForm(page, "/now")
	for _, want := range []string{"sent", "sent_before"} {
		if got := w.submit(now); !strings.HasSuffix(got.header.Get("Location"), "?done="+want) || w.wakeups != 1 {
			t.Errorf("to %q, woken %d times, want %s", got.header.Get("Location"), w.wakeups, want)
		}
	}
	rows := must(w.store.Outbox.Claim(t.Context(), w.now, "test", time.Minute, store.AllPriorities, 10))(t)
	if len(rows) != 1 || rows[0].Key != "digest/13/2026-05-04T11-now" || rows[0].Member != anna {
		t.Errorf("outbox is %+v", rows)
	}
	if got := w.nextDue(); !got.Equal(w.now.Add(21 * time.Hour)) {
		t.Errorf("next digest is due %v", got)
	}
}

// Whoever has a settings link must not be able to fill the store.
func TestSettings_ReadAThousandFields(t *testing.T) {
	w := newFixture(t)
	_, f := w.openSettings()
	for n := range 1000 {
		f.Values["thread-"+strconv.Itoa(n+1000)] = []string{"off"}
	}
	if got := w.submit(f); got.status != http.StatusSeeOther {
		t.Errorf("status %d", got.status)
	}
	if overrides := w.overrides(); len(overrides.Threads) > 0 {
		t.Errorf("%d overrides", len(overrides.Threads))
	}
}

func FuzzSettingsForm(f *testing.F) {
	w := newFixture(f)
	_, good := w.openSettings()
	address := w.url(link.Settings, 0)
	f.Add(good.Encode())
	f.Add(changeEveryField(good).Encode())
	f.Add("zone=Europe%2FBerlin&pause=9999-12-31&weekday=-1&section-4=&hour=%00")
	f.Fuzz(func(t *testing.T, body string) {
		if _, err := url.ParseQuery(body); err != nil {
			t.Skip()
		}
		r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got := httptest.NewRecorder()
		w.site.Config.Handler.ServeHTTP(got, r)
		if s := got.Code; s != http.StatusSeeOther && s != http.StatusUnprocessableEntity && s != http.StatusTooManyRequests {
			t.Errorf("status %d", s)
		}
	})
}
