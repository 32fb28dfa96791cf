package daemon

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/store"
)

// forecast makes a forecast as a separate process would, on a read-only store.
func (w *world) forecast(set settings.Settings, until time.Time) (*Forecast, []MemberForecast) {
	w.Helper()
	r, list := w.readOnlyDaemon(set).Forecast(w.Context(), until)
	var all []MemberForecast
	for p, err := range list {
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, p)
	}
	return r, all
}

// readOnlyDaemon returns a daemon on a read-only store.
func (w *world) readOnlyDaemon(set settings.Settings) *Daemon {
	w.Helper()
	s, err := store.OpenReadOnly(w.Context(), "sqlite:"+w.storePath)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { s.Close() })
	parts := w.daemon.Deps
	parts.Store = s
	return New(parts, set)
}

// TestForecast_MatchesSentMessages forecasts a day, and then runs it.
func TestForecast_MatchesSentMessages(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newDailyWorld(t)
	w.member(104, "dora", passenger, dining)
	w.member(105, "emil", passenger, tonight)
	w.round()
	w.execSQL(`UPDATE member SET zone = 'Asia/Kathmandu' WHERE id = 103`)
	w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 105`)
	thread := w.thread(tonight)
	p := w.writePost(thread) // sighted
	w.round()
	q := w.writePost(thread) // not yet sighted
	w.setClock(4, "22:00")
	until := w.clock().Add(24 * time.Hour)

	file, err := os.ReadFile(w.storePath)
	if err != nil {
		t.Fatal(err)
	}
	before, sent := dump(t, w), len(w.relay.messages())
	r, list := w.forecast(w.set, until)
	if after := dump(t, w); !slices.Equal(before, after) {
		t.Errorf("the store has changed:\n%v\nwas\n%v", after, before)
	}
	if now, err := os.ReadFile(w.storePath); err != nil || !slices.Equal(file, now) {
		t.Error("the store's file has changed")
	}
	if len(w.relay.messages()) != sent {
		t.Error("messages were sent")
	}

	want := map[forum.MemberID]string{101: "2 posts", 102: digest.ReasonNothingNew, 103: "2 posts", 104: digest.ReasonNothingNew, 105: "banned"}
	got := map[forum.MemberID]string{}
	for _, p := range list {
		if got[p.Member] = p.Skip; p.WouldSend() {
			got[p.Member] = fmt.Sprintf("%d posts", p.Posts)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("member forecasts are %v, want %v", got, want)
	}
	if r.Members != 5 || r.Messages != 2 || r.Posts != 4 || r.Skipped[digest.ReasonNothingNew] != 2 || r.Skipped["banned"] != 1 || r.Sampled != 2 {
		t.Errorf("the totals are %+v", r)
	}
	// Eight o'clock for Carl is 02:15 UTC.
	hours := []Hour{{At: time.Date(2026, 5, 5, 2, 0, 0, 0, time.UTC), Messages: 1, Posts: 2}, {At: time.Date(2026, 5, 5, 8, 0, 0, 0, time.UTC), Messages: 1, Posts: 2}}
	if !slices.Equal(r.Hours, hours) {
		t.Errorf("hours are %v, want %v", r.Hours, hours)
	}

	var bytes int64
	for at := w.clock(); at.Before(until); at = at.Add(15 * time.Minute) {
		w.setTime(at)
		bytes += w.round().Bytes
	}
	w.wantMessages("anna", posts(p, q))
	w.wantMessages("carl", posts(p, q))
	if off := r.Bytes - bytes; off > bytes/10 || -off > bytes/10 {
		t.Errorf("the forecast has %d bytes, but %d were sent", r.Bytes, bytes)
	}
}

// dump returns all rows of the store, one a line.
func dump(t *testing.T, w *world) []string {
	t.Helper()
	db := w.openStoreFile()
	var all []string
	for _, table := range []string{"counter", "sighting", "pending", "memory", "member", "outbox", "outcome", "notice", "owed", "preference", "wish", "volume", "alarm"} {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			line := table
			for _, v := range values {
				line += fmt.Sprintf(" %v", *v.(*any))
			}
			all = append(all, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestForecast_BeforeFirstRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(101, "anna", passenger, tonight)
	thread := w.thread(tonight)
	w.setTime(worldStart.Add(-2 * time.Hour))
	w.writePost(thread)
	w.setTime(worldStart)
	r, _ := w.forecast(w.set, worldStart.Add(24*time.Hour))
	if r.Messages != 1 || r.Posts != 1 || len(r.Hours) != 1 || !r.Hours[0].At.Equal(worldStart) {
		t.Errorf("before the first run the totals are %+v, want one message with one post immediately", r)
	}
	if report := w.round(); report.Sent != 1 {
		t.Errorf("the first run sent %d messages", report.Sent)
	}
}

func TestCompare_NewConfiguration(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newDailyWorld(t)
	w.member(104, "dora", passenger, tonight)
	w.member(105, "emil", passenger, tonight)
	w.round()
	weekly := digest.Schedule{Cadence: digest.Weekly, Hour: 9, Weekday: time.Sunday}
	if err := w.store.Preferences.Save(t.Context(), w.clock(), 104, digest.Preferences{Schedule: &weekly}); err != nil {
		t.Fatal(err)
	}
	w.round()
	w.writePost(w.thread(tonight))
	w.round()
	w.setClock(4, "22:00")
	compare := func(change func(*settings.Settings)) string {
		t.Helper()
		set := w.set
		change(&set)
		c, err := Compare(t.Context(), w.readOnlyDaemon(w.set), w.readOnlyDaemon(set), w.clock().Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%d -> %d, gain %d, lose %d, differ %d:", c.Before.Messages, c.After.Messages, c.Gained, c.Lost, c.Changed)
		for _, change := range c.Changes {
			text += fmt.Sprint(" ", change.Member)
		}
		return text
	}
	for _, tt := range []struct {
		name   string
		change func(*settings.Settings)
		want   string
	}{
		{"nothing", func(*settings.Settings) {}, "3 -> 3, gain 0, lose 0, differ 0:"},
		{"another hour", func(s *settings.Settings) { s.Digest.Hour = 7 }, "3 -> 3, gain 0, lose 0, differ 3: 101 103 105"},
		{"weekly digests, on another day", func(s *settings.Settings) { s.Digest.Cadence = digest.Weekly }, "3 -> 0, gain 0, lose 3, differ 0: 101 103 105"},
		{"no digests", func(s *settings.Settings) { s.Digest.Cadence = digest.Off }, "3 -> 0, gain 0, lose 3, differ 0: 101 103 105"},
		{"a staging system", func(s *settings.Settings) { s.Delivery.AllowList = []string{address("anna")} }, "3 -> 1, gain 0, lose 2, differ 0: 103 105"},
	} {
		if got := compare(tt.change); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	w.set.Delivery.AllowList = []string{address("anna")}
	if got, want := compare(func(s *settings.Settings) { s.Delivery.AllowList = nil }), "1 -> 3, gain 2, lose 0, differ 0: 103 105"; got != want {
		t.Errorf("back from staging: %s, want %s", got, want)
	}
}

// TestCompare_MemberInOnlyOneForecast merges two lists of members.
func TestCompare_MemberInOnlyOneForecast(t *testing.T) {
	t.Parallel()
	a, b := newDailyWorld(t), newDailyWorld(t)
	b.member(100, "zoe", passenger, tonight)
	b.member(104, "dora", passenger, tonight)
	b.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
	for _, w := range []*world{a, b} {
		w.round()
		w.writePost(w.thread(tonight))
		w.setClock(4, "22:00")
	}
	c, err := Compare(t.Context(), a.readOnlyDaemon(a.set), b.readOnlyDaemon(b.set), a.clock().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var ids []forum.MemberID
	for _, change := range c.Changes {
		ids = append(ids, change.Member)
	}
	if want := []forum.MemberID{100, 101, 104}; !slices.Equal(ids, want) || c.Gained != 2 || c.Lost != 1 {
		t.Errorf("changes are for %v, gain %d, lose %d; want %v, 2 and 1", ids, c.Gained, c.Lost, want)
	}
}

func TestForecast_ReportsAnomalousDay(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	for week := range 5 {
		if err := w.store.Counts.AddPlanned(t.Context(), w.clock().AddDate(0, 0, -7*week-7), store.KindDigest, 1000); err != nil {
			t.Fatal(err)
		}
	}
	w.writePost(w.thread(tonight))
	w.setClock(4, "22:00")
	r, _ := w.forecast(w.set, w.clock().Add(24*time.Hour))
	if r.Baseline.Messages != 1000 || !r.Anomalous() {
		t.Errorf("with usually a thousand and almost none today the forecast is %+v", r)
	}
}
