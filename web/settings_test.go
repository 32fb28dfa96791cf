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

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/store"
)

// enroll makes Anna known to the store, as the daemon does that learns who watches.
func (w *world) enroll(due time.Time) {
	w.Helper()
	sub := store.Subscriber{ID: anna, Zone: "Europe/Berlin", Locale: "en", Due: due}
	check(w, w.store.Subscribers.Save(w.Context(), w.now, []store.Subscriber{sub}))
}

func (w *world) due() time.Time {
	w.Helper()
	return must(w.store.Subscribers.Get(w.Context(), []forum.MemberID{anna}))(w)[anna].Due
}

func TestAFormThatIsSentBackAsItWasChoosesNothing(t *testing.T) {
	w := newWorld(t)
	_, f := w.settings()
	if got := w.send(f); got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "?done=saved") {
		t.Fatalf("answer %d to %q", got.status, got.header.Get("Location"))
	}
	got := w.choices()
	if got.ChosenAt = (time.Time{}); !reflect.DeepEqual(got, digest.Preferences{}) {
		t.Errorf("it chose %+v", got)
	}
	if wishes := w.wishes(); len(wishes.Sections)+len(wishes.Threads) > 0 {
		t.Errorf("it wished %+v", wishes)
	}
}

// everything is a form in which nothing is as it was.
func everything(f form) form {
	for name, value := range map[string]string{
		"cadence": "weekly", "weekday": "5", "hour": "19", "zone": "Asia/Tokyo", "locale": "en", "format": "text", "excerpt": "600",
		"own": "yes", "unread": "yes", "alerts": "every", "quiet": "yes", "quiet_from": "21", "quiet_until": "6",
		"pause": "2026-05-20", "section-4": "weekly", "section-9": "off", "thread-47": "instant",
	} {
		f.Set(name, value)
	}
	f.Del("announcements")
	return f
}

func TestEveryFieldIsKept(t *testing.T) {
	w := newWorld(t)
	_, f := w.settings()
	sent := everything(f)
	if got := w.send(sent); got.status != http.StatusSeeOther {
		t.Fatalf("answer %d: %s", got.status, words(t, got.body))
	}
	yes, no := true, false
	tokyo := must(time.LoadLocation("Asia/Tokyo"))(t)
	want := digest.Preferences{
		Schedule: &digest.Schedule{Cadence: digest.Weekly, Hour: 19, Weekday: time.Friday},
		Zone:     "Asia/Tokyo", Locale: "en", Format: digest.Text, Excerpt: 600, IncludeOwnPosts: &yes, UnreadOnly: &yes,
		Alerts: digest.EveryReply, Announcements: &no, Quiet: &digest.QuietHours{From: 21, Until: 6},
		PausedUntil: time.Date(2026, 5, 20, 0, 0, 0, 0, tokyo).UTC(), ChosenAt: w.now,
	}
	if got := w.choices(); !reflect.DeepEqual(got, want) {
		t.Errorf("chosen is\n%+v, want\n%+v", got, want)
	}
	wishes := w.wishes()
	if !maps.Equal(wishes.Sections, map[forum.SectionID]digest.Cadence{4: digest.Weekly, 9: digest.Off}) ||
		!maps.Equal(wishes.Threads, map[forum.ThreadID]digest.Cadence{47: digest.Instant}) {
		t.Errorf("wishes are %+v", wishes)
	}
	if _, now := w.settings(); !reflect.DeepEqual(now.Values, sent.Values) {
		for name := range sent.Values {
			if !slices.Equal(now.Values[name], sent.Values[name]) {
				t.Errorf("field %s is %q on the next page, want %q", name, now.Values[name], sent.Values[name])
			}
		}
	}
}

func TestWhatWasChosenCanBeTakenBack(t *testing.T) {
	w := newWorld(t)
	_, before := w.settings()
	w.send(everything(form{before.action, maps.Clone(before.Values)}))
	w.send(before)
	if _, after := w.settings(); !reflect.DeepEqual(after.Values, before.Values) {
		t.Errorf("the form is %v, want %v", after.Values, before.Values)
	}
	if wishes := w.wishes(); len(wishes.Sections)+len(wishes.Threads) > 0 {
		t.Errorf("wishes are %+v, want none", wishes)
	}
}

func TestTheNextDigestFollowsAtOnce(t *testing.T) {
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
		{"a break", map[string]string{"pause": "2026-05-20"}, "2026-05-20T06:00:00Z", "paused until Wednesday, 20 May 2026"},
		{"never", map[string]string{"cadence": "off"}, "", "Digests are turned off."},
	} {
		w := newWorld(t)
		w.enroll(w.now.Add(21 * time.Hour))
		_, f := w.settings()
		f.Set("locale", "en")
		for name, value := range tt.change {
			f.Set(name, value)
		}
		w.send(f)
		due := ""
		if at := w.due(); !at.IsZero() {
			due = at.Format(time.RFC3339)
		}
		page, _ := w.settings()
		if due != tt.due || !strings.Contains(words(t, page), tt.says) {
			t.Errorf("%s: due %s, want %s; the page says %.300s", tt.name, due, tt.due, words(t, page))
		}
	}
}

func TestWhatIsWrongIsSaidAndNothingIsSaved(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	for name, tt := range map[string]struct{ field, value, fault string }{
		"no such zone":               {"zone", "Atlantis/Poseidonis", "zone"},
		"no zone":                    {"zone", "", "zone"},
		"the machine's own zone":     {"zone", "Local", "zone"},
		"a zone outside of the list": {"zone", "../../etc/passwd", "zone"},
		"a break in the past":        {"pause", "2026-05-04", "pause"},
		"a break without an end":     {"pause", "2028-01-01", "pause"},
		"no day":                     {"pause", "tomorrow", "pause"},
		"no cadence":                 {"cadence", "hourly", "form"},
		"no hour":                    {"hour", "24", "form"},
		"no language of ours":        {"locale", "tlh", "form"},
		"no form of ours":            {"format", "pdf", "form"},
		"no length of ours":          {"excerpt", "301", "form"},
		"no mode of ours":            {"alerts", "sometimes", "form"},
		"no wish of ours":            {"section-4", "hourly", "form"},
	} {
		_, f := w.settings()
		f.Set("own", "yes")
		f.Set(tt.field, tt.value)
		got := w.send(f)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="fault-`+tt.fault+`"`) {
			t.Errorf("%s: answer %d without the fault %q", name, got.status, tt.fault)
		}
		again := w.formOn(got.body, strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL))
		if again.Get("own") != "yes" || tt.fault != "form" && again.Get(tt.field) != tt.value {
			t.Errorf("%s: the form forgets what was typed: %q", name, again.Get(tt.field))
		}
	}
	_, f := w.settings()
	f.Set("quiet", "yes")
	f.Set("quiet_from", "7")
	f.Set("quiet_until", "7")
	if got := w.send(f); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="fault-quiet"`) {
		t.Errorf("quiet hours without length: answer %d", got.status)
	}
	if w.dump() != before {
		t.Error("the store changed")
	}
}

func TestOnlyWhatHeWatchesCanBeWished(t *testing.T) {
	w := newWorld(t)
	_, f := w.settings()
	f.Set("section-2", "weekly") // she does not watch it
	f.Set("section-999", "weekly")
	f.Set("thread-999", "off")
	if got := w.send(f); got.status != http.StatusSeeOther {
		t.Fatalf("answer %d", got.status)
	}
	if wishes := w.wishes(); len(wishes.Sections)+len(wishes.Threads) > 0 {
		t.Errorf("wishes are %+v, want none", wishes)
	}
}

func TestOnlyTitlesOfWhatHeMayReadAreListed(t *testing.T) {
	w := newWorld(t)
	must(w.forum.Exec(`INSERT OR IGNORE INTO thread_watch SELECT 13, id, 1 FROM thread`))(t)
	must(w.forum.Exec(`INSERT OR IGNORE INTO section_watch SELECT 13, id, 'posts', 1 FROM section`))(t)
	_, f := w.settings()
	pages := f.Values
	for n := 2; ; n++ {
		got := w.get(w.url(link.Settings, 0) + "?page=" + strconv.Itoa(n))
		if !strings.Contains(got.body, `name="thread-`) {
			break
		}
		maps.Copy(pages, w.formOn(got.body, "?page="+strconv.Itoa(n)).Values)
	}
	for query, field := range map[string]string{
		`SELECT t.id, t.state = 'visible' AND t.moved_to IS NULL AND EXISTS (SELECT 1 FROM permission p JOIN member m ON m.role_id = p.role_id
			WHERE m.id = 13 AND p.section_id = t.section_id AND (p.reads = 'all' OR t.starter_id = 13)) FROM thread t`: "thread-",
		`SELECT s.id, EXISTS (SELECT 1 FROM permission p JOIN member m ON m.role_id = p.role_id WHERE m.id = 13 AND p.section_id = s.id)
			FROM section s`: "section-",
	} {
		rows := must(w.forum.Query(query))(t)
		defer rows.Close()
		seen := map[bool]int{}
		for rows.Next() {
			var id int64
			var may bool
			check(t, rows.Scan(&id, &may))
			if _, listed := pages[field+strconv.FormatInt(id, 10)]; listed != may {
				t.Errorf("%s%d is listed: %v, may be read: %v", field, id, listed, may)
			}
			seen[may]++
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("the forum has not both kinds: %v", seen)
		}
	}
}

// Forums leave who is banned the rights of his groups (XenForo), and turn him away at the door.
func TestWhoIsTurnedAwayFromTheForumSeesNoTitles(t *testing.T) {
	w := newWorld(t)
	var thread int64
	var title string
	check(t, w.forum.QueryRow(`SELECT t.id, t.title FROM thread t JOIN thread_watch w ON w.thread_id = t.id JOIN permission p ON p.section_id = t.section_id AND p.role_id = 1
		WHERE w.member_id = 13 AND t.state = 'visible' AND p.reads = 'all' LIMIT 1`).Scan(&thread, &title))
	titles := func() (list, stop bool) {
		list = regexp.MustCompile(`name="(section|thread)-`).MatchString(w.get(w.url(link.Settings, 0)).body)
		return list, strings.Contains(w.get(w.url(link.Thread, thread)).body, html.EscapeString(title))
	}
	if list, stop := titles(); !list || !stop {
		t.Fatalf("she may read: titles in her settings: %v, at the button: %v", list, stop)
	}
	for _, state := range []string{"banned", "unconfirmed", "disabled"} {
		must(w.forum.Exec("UPDATE member SET state = ? WHERE id = 13", state))(t)
		if list, stop := titles(); list || stop {
			t.Errorf("%s: titles in her settings: %v, at the button: %v", state, list, stop)
		}
	}
	if got := w.get(w.url(link.Settings, 0)); got.status != http.StatusOK {
		t.Errorf("her settings: answer %d", got.status)
	}
}

// Fifty times such a number is one below zero to a computer.
func TestAPageFarBehindTheLastIsNoFault(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"2", "9223372036854775807", "4611686018427387904", "99999999999999999999", "-1", "x"} {
		if got := w.get(w.url(link.Settings, 0) + "?page=" + n); got.status != http.StatusOK {
			t.Errorf("page %s: answer %d", n, got.status)
		}
	}
}

func TestATokenOpensItsOwnPageOnly(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	token := func(scope link.Scope) string {
		address := w.url(scope, 0)
		return address[strings.LastIndexByte(address, '/')+1:]
	}
	for _, scope := range []link.Scope{link.Digests, link.Everything, link.View} {
		w.open() // the guard forgets how many tokens did not fit
		for _, got := range []answer{
			w.get(w.site.URL + "/postrider/s/" + token(scope)),
			w.post(w.site.URL+"/postrider/s/"+token(scope), "cadence", "off"),
			w.post(w.site.URL + "/postrider/s/" + token(scope) + "/now"),
		} {
			if got.status != http.StatusNotFound {
				t.Errorf("a token of scope %d opens the settings: answer %d", scope, got.status)
			}
		}
	}
	w.open()
	for _, scope := range []link.Scope{link.Settings, link.View} {
		if got := w.post(w.site.URL+"/postrider/u/"+token(scope), "List-Unsubscribe", "One-Click"); got.status != http.StatusNotFound {
			t.Errorf("a token of scope %d unsubscribes: answer %d", scope, got.status)
		}
	}
	if w.dump() != before {
		t.Error("the store changed")
	}
}

func TestSettingsOfSomebodyWhoIsGoneAreGone(t *testing.T) {
	w := newWorld(t)
	if got := w.get(w.links.URL(link.Claims{Scope: link.Settings, Member: 9999})); got.status != http.StatusGone {
		t.Errorf("answer %d, want 410", got.status)
	}
}

func TestWhoOptedOutOnTheForumIsToldAndMayAskHere(t *testing.T) {
	w := newWorld(t)
	w.enroll(w.now.Add(21 * time.Hour))
	must(w.forum.Exec(`UPDATE member SET wants_mail = 0 WHERE id = 13`))(t)
	page, f := w.settings()
	f.Set("locale", "en")
	if f.Get("cadence") != "off" || f.Get("alerts") != "off" || f.Has("announcements") || !strings.Contains(words(t, page), "abgeschaltet") {
		t.Errorf("the form is %v; the page says %.300s", f.Values, words(t, page))
	}
	f.Set("cadence", "weekly")
	w.send(f)
	page, f = w.settings()
	if f.Get("cadence") != "weekly" || f.Get("alerts") != "off" || !strings.Contains(words(t, page), "Your next digest: Mon 11 May, 08:00") {
		t.Errorf("the form is %v; the page says %.300s", f.Values, words(t, page))
	}
}

func TestASiteWithoutAlertsOffersNone(t *testing.T) {
	w := newWorld(t)
	w.set.Alerts.Enabled = false
	w.open()
	page, f := w.settings()
	if f.Has("alerts") || f.Has("quiet_from") || strings.Contains(page, `value="instant"`) {
		t.Errorf("the form is %v", f.Values)
	}
	if got := w.send(f); got.status != http.StatusSeeOther {
		t.Errorf("answer %d", got.status)
	}
}

// sight makes the newest posts of the forum news, of which no alert tells.
func (w *world) sight() {
	w.Helper()
	rows := must(w.forum.Query(`SELECT p.id, p.thread_id, t.section_id, p.author_id FROM post p JOIN thread t ON t.id = p.thread_id
		WHERE t.section_id = 4 AND p.author_id <> 13 ORDER BY p.id DESC LIMIT 20`))(w)
	defer rows.Close()
	var seen []forum.Arrival
	for rows.Next() {
		a := forum.Arrival{PostedAt: w.now, Visible: true}
		check(w, rows.Scan(&a.Post, &a.Thread, &a.Section, &a.Author))
		seen = append(seen, a)
	}
	must(w.store.Sightings.Save(w.Context(), store.ScanResult{Now: w.now, Sighted: seen, Cursor: 1 << 40}))(w)
	from := must(w.store.Alerts.Progress(w.Context()))(w)
	_, _, err := w.store.Alerts.Plan(w.Context(), w.now, from, store.AlertProgress{Done: from.Head, Until: from.Head}, 10, nil)
	check(w, err)
}

func TestADigestComesOnDemandOnceAnHour(t *testing.T) {
	w := newWorld(t)
	w.enroll(w.now.Add(21 * time.Hour))
	if got := w.post(w.url(link.Settings, 0) + "/now"); !strings.HasSuffix(got.header.Get("Location"), "?done=empty") || w.woken > 0 {
		t.Errorf("with nothing new: to %q, woken %d times", got.header.Get("Location"), w.woken)
	}
	w.sight()
	page, _ := w.settings()
	if !strings.Contains(page, "/now\"") {
		t.Fatalf("the page offers none: %.300s", words(t, page))
	}
	now := w.formOn(page, "/now")
	for _, want := range []string{"sent", "sent_before"} {
		if got := w.send(now); !strings.HasSuffix(got.header.Get("Location"), "?done="+want) || w.woken != 1 {
			t.Errorf("to %q, woken %d times, want %s", got.header.Get("Location"), w.woken, want)
		}
	}
	rows := must(w.store.Outbox.Claim(t.Context(), w.now, "test", time.Minute, store.AllPriorities, 10))(t)
	if len(rows) != 1 || rows[0].Key != "digest/13/2026-05-04T11-now" || rows[0].Member != anna {
		t.Errorf("the outbox holds %+v", rows)
	}
	if got := w.due(); !got.Equal(w.now.Add(21 * time.Hour)) {
		t.Errorf("the next is due %v", got)
	}
}

// Whoever gets hold of a settings link shall not be able to fill the store, either.
func TestAFormOfAThousandFieldsIsRead(t *testing.T) {
	w := newWorld(t)
	_, f := w.settings()
	for n := range 1000 {
		f.Values["thread-"+strconv.Itoa(n+1000)] = []string{"off"}
	}
	if got := w.send(f); got.status != http.StatusSeeOther {
		t.Errorf("answer %d", got.status)
	}
	if wishes := w.wishes(); len(wishes.Threads) > 0 {
		t.Errorf("%d wishes", len(wishes.Threads))
	}
}

func FuzzSettingsForm(f *testing.F) {
	w := newWorld(f)
	_, good := w.settings()
	address := w.url(link.Settings, 0)
	f.Add(good.Encode())
	f.Add(everything(good).Encode())
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
			t.Errorf("answer %d", s)
		}
	})
}
