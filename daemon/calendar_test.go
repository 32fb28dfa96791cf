package daemon

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

func TestPlanDigests_OneDigestAfterFiveDaysOutage(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	var all []forum.PostID
	for day := 4; day < 9; day++ {
		w.setClock(day, "15:00")
		all = append(all, w.writePost(thread))
	}
	w.setClock(9, "17:00")
	w.restart()
	if report := w.round(); report.Sent != 2 { // Anna and Carl
		t.Errorf("%d messages were sent, want 2", report.Sent)
	}
	w.wantMessages("anna", all)
	w.setClock(9, "18:00")
	w.round()
	w.setClock(10, "08:00")
	w.round()
	w.wantMessages("anna")
}

func TestDigest_EmptyEditionAdvancesCoveredSeq(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.writePost(w.thread(dining)) // not watched by any member
	w.setClock(5, "08:00")
	report := w.round()
	if report.Sent != 0 || report.Skipped[digest.ReasonNothingNew] != 3 {
		t.Errorf("report is %+v, want 3 editions skipped as %q", report, digest.ReasonNothingNew)
	}
	head, err := w.store.Sightings.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	subs, err := w.store.Subscribers.Get(t.Context(), []forum.MemberID{101, 102, 103})
	if err != nil {
		t.Fatal(err)
	}
	for id, sub := range subs {
		if sub.CoveredSeq != head || head == 0 {
			t.Errorf("the covered sequence of member %d is %d, want %d", id, sub.CoveredSeq, head)
		}
	}
	if len(w.relay.messages()) != 0 {
		t.Error("a message was sent")
	}
}

func TestScan_FirstRunCoversFirstWindowOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		window time.Duration
		want   int // how many of the posts, the newest first
	}{{0, 0}, {24 * time.Hour, 2}, {48 * time.Hour, 3}} {
		t.Run(tt.window.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set.Digest.FirstWindow = tt.window
			w.restart()
			w.member(101, "anna", passenger, tonight)
			thread := w.thread(tonight)
			var all []forum.PostID
			for _, ago := range []time.Duration{90 * 24 * time.Hour, 49 * time.Hour, 30 * time.Hour, 23 * time.Hour, time.Minute} {
				id := w.next()
				w.insertPost(id, thread, worldStart.Add(-ago).Unix(), "visible")
				all = append(all, forum.PostID(id))
			}
			w.round()
			w.setClock(5, "08:00")
			w.round()
			if tt.want == 0 {
				w.wantMessages("anna")
				return
			}
			w.wantMessages("anna", all[len(all)-tt.want:])
		})
	}
}

func TestScan_IgnoresImportedThreads(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	for i := range 50 {
		w.insertPost(w.next(), thread, worldStart.AddDate(-3, 0, i).Unix(), "visible")
	}
	// Approved, moved and restored archives are not new either.
	old := w.next()
	w.insertPost(old, thread, worldStart.AddDate(-1, 0, 0).Unix(), "moderated")
	w.round()
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, old)
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, routes, thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna")
	w.wantMessages("bert")
	p := w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestScan_HandlesGapsInPostIDs(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	var all []forum.PostID
	for _, id := range []int64{10, 11, 5000, 5003, 1_000_000, 1_000_001} {
		w.insertPost(id, thread, w.clock().Unix(), "visible")
		all = append(all, forum.PostID(id))
		w.round()
	}
	// Within the overlap a smaller ID may still appear.
	for _, id := range []int64{999_500, 1_000_000 - 998} {
		w.insertPost(id, thread, w.clock().Unix(), "visible")
		w.round()
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(10, 11, 5000, 5003, 999_002, 999_500, 1_000_000, 1_000_001))
	if len(all) != 6 {
		t.Fatal("the test is broken")
	}
}

func TestScan_ReadsAllPages(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	const n = pageSize + 7
	w.execSQL(`INSERT INTO post SELECT value + 100, ?, ?, 'Kate', ?, 0, 'visible', 'Hello.' FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < ?) SELECT value FROM c)`,
		thread, writer, w.clock().Unix(), n)
	if report := w.round(); report.Sighted != n {
		t.Errorf("%d posts were sighted, want %d", report.Sighted, n)
	}
	w.setClock(5, "08:00")
	w.round()
	delivered := 0
	for _, o := range w.outcomes(101) {
		delivered += o.Posts
	}
	if delivered != n {
		t.Errorf("Anna got %d posts, want %d", delivered, n)
	}
}

func TestPlanDigests_FollowsMembersSchedules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		own  digest.Schedule
		want string // when messages were sent from 4 to 11 May, with a post before each round
	}{
		{"weekly", digest.Schedule{Cadence: digest.Weekly, Weekday: time.Wednesday, Hour: 21}, "6T21"},
		{"daily", digest.Schedule{Cadence: digest.Daily, Hour: 18}, "4T18 5T18 6T18 7T18 8T18 9T18 10T18"},
		{"halfdaily", digest.Schedule{Cadence: digest.EveryNHours, Every: 12, Hour: 3}, "4T15 5T03 5T15 6T03 6T15 7T03 7T15 8T03 8T15 9T03 9T15 10T03 10T15"},
		{"monthly", digest.Schedule{Cadence: digest.Monthly, Day: 10, Hour: 0}, "10T00"},
		{"off", digest.Schedule{Cadence: digest.Off}, ""},
	}
	w := newWorld(t)
	for i, tt := range tests {
		id := forum.MemberID(101 + i)
		w.member(int64(id), tt.name, passenger, tonight)
		if err := w.store.Preferences.Save(t.Context(), worldStart, id, digest.Preferences{Schedule: &tt.own}); err != nil {
			t.Fatal(err)
		}
	}
	thread := w.thread(tonight)
	came, delivered := make(map[string][]string), make(map[string][]forum.PostID)
	var written []forum.PostID
	for when := worldStart; when.Day() < 11; when = when.Add(3 * time.Hour) {
		w.setTime(when)
		w.round()
		for _, tt := range tests {
			for _, mail := range w.relay.takeMessages(w, address(tt.name)) {
				came[tt.name] = append(came[tt.name], when.Format("2T15"))
				delivered[tt.name] = append(delivered[tt.name], mail...)
			}
		}
		written = append(written, w.writePost(thread))
	}
	for _, tt := range tests {
		if got := strings.Join(came[tt.name], " "); got != tt.want {
			t.Errorf("%s: messages were sent at %q, want %q", tt.name, got, tt.want)
		}
		if got := delivered[tt.name]; len(got) > len(written) || !slices.Equal(got, written[:len(got)]) {
			t.Errorf("%s: delivered posts are %v, want %v in order", tt.name, got, written)
		}
	}
}

func TestPlanDigests_FollowsNewZone(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.setClock(4, "12:00")
	w.execSQL(`UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 101`) // eight o'clock in Tokyo is 23:00 UTC
	w.round()
	w.setClock(4, "22:59")
	w.round()
	w.wantMessages("anna")
	w.setClock(4, "23:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.wantMessages("carl")
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna")
	w.wantMessages("carl", posts(p))
}

// TestDigest_ZoneChangesLoseOrRepeatNoPost changes a member's zone repeatedly while rounds run late.
func TestDigest_ZoneChangesLoseOrRepeatNoPost(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "", "Mars/Olympus_Mons", "Local", "../../etc/passwd"}
	for seed := range uint64(1) {
		dice := rand.New(rand.NewPCG(seed, 1))
		w := newDailyWorld(t)
		thread := w.thread(tonight)
		var delivered, written []forum.PostID
		messages := 0
		for when := worldStart; when.Before(worldStart.AddDate(0, 0, 12)); when = when.Add(time.Duration(2+dice.IntN(6)) * time.Hour) {
			w.setTime(when)
			written = append(written, w.writePost(thread))
			if dice.IntN(6) == 0 {
				w.execSQL(`UPDATE member SET zone = ? WHERE id = 101`, zones[dice.IntN(len(zones))])
			}
			if dice.IntN(8) == 0 {
				w.restart()
			}
			w.round()
			for _, mail := range w.relay.takeMessages(w, address("anna")) {
				delivered = append(delivered, mail...)
				messages++
			}
		}
		if len(delivered) > len(written) || len(delivered) < len(written)-14 {
			t.Fatalf("seed %d: %d of %d posts were delivered", seed, len(delivered), len(written))
		}
		for i, p := range delivered {
			if p != written[i] {
				t.Fatalf("seed %d: delivered posts are %v, want %v in order", seed, delivered, written)
			}
		}
		if messages > 14 {
			t.Errorf("seed %d: %d messages in 12 days", seed, messages)
		}
	}
}

func TestDigest_UnknownZoneOrLanguageFallsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set.Digest.Zone, w.set.Digest.Locale, w.set.Digest.Hour = "Asia/Tokyo", "de", 8 // 23:00 UTC
	w.restart()
	for i, locale := range []string{"", "tlh", "not a language!", "de-AT", "zz-\r\n-zz"} {
		id := int64(101 + i)
		w.member(id, "m"+string(rune('a'+i)), passenger, tonight)
		w.execSQL(`UPDATE member SET locale = ?, zone = ? WHERE id = ?`, locale, []string{"", "Mars/Olympus_Mons", "Local", "", ""}[i], id)
	}
	w.round()
	w.writePost(w.thread(tonight))
	w.setClock(4, "22:59")
	w.round()
	if n := len(w.relay.messages()); n != 0 {
		t.Errorf("%d messages were sent before the default hour", n)
	}
	w.setClock(4, "23:00")
	w.round()
	if n := len(w.relay.messages()); n != 5 {
		t.Errorf("%d messages were sent at the default hour, want 5", n)
	}
	for _, sent := range w.relay.messages() {
		_, text, html := parseMessage(t, sent.raw)
		german := strings.Contains(html, `lang="de`) && strings.Contains(text, "Mai 2026")
		if known := sent.to == address("ma") || sent.to == address("md"); known && !german {
			t.Errorf("the message to %s is not in German:\n%.300s", sent.to, text)
		}
		if !strings.Contains(text, "18:00") { // 09:00 UTC
			t.Errorf("the message to %s does not use the default time zone:\n%.600s", sent.to, text)
		}
	}
}
