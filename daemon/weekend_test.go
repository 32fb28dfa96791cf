package daemon

import (
	"testing"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
)

// takeWeekendsOff makes Anna's weekends free.
func (w *world) takeWeekendsOff() {
	w.Helper()
	yes := true
	w.updatePreferences(func(c *digest.Preferences) { c.WeekendsOff = &yes })
}

func TestWeekendsOff_MondaysDigestBringsTheWeekend(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.takeWeekendsOff()
	thread := w.thread(tonight)
	w.setClock(8, "08:00") // Friday
	w.round()
	w.relay.forget()
	var all []forum.PostID
	for _, day := range []int{9, 10} {
		w.setClock(day, "07:00")
		all = append(all, w.writePost(thread))
		w.setClock(day, "12:00")
		w.round()
		w.wantMessages("anna")
	}
	w.setClock(11, "08:00")
	w.round()
	w.wantMessages("anna", all)
}

func TestWeekendsOff_AlertsWaitForMondayAndMerge(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	w.takeWeekendsOff()
	thread, other := w.thread(tonight), w.thread(tonight)
	w.setClock(9, "10:00") // Saturday
	p := w.writePost(thread)
	w.round()
	w.setClock(9, "10:05")
	w.round()
	w.setClock(10, "10:00")
	q := w.writePost(other)
	w.round()
	w.setClock(11, "07:59")
	w.round()
	w.wantAlerts("anna")
	w.setClock(11, "08:00")
	w.round()
	got := w.relay.withdraw(address("anna"))
	if len(got) != 1 {
		t.Fatalf("Anna got %d messages on Monday, want one", len(got))
	}
	if _, text, _ := parseMessage(w, got[0].raw); len(postNumbers(text)) != 2 {
		t.Errorf("the alert has posts %v, want %d and %d", postNumbers(text), p, q)
	}
}

func TestWeekendsOff_AppliesToDigestsPlannedBefore(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.takeWeekendsOff()
	w.setClock(8, "08:00") // Friday
	w.prepare()
	w.setClock(9, "00:30")
	w.deliver()
	w.wantMessages("anna")
	w.setClock(11, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestWeekendsOff_AnotherChoiceReleasesAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.takeWeekendsOff()
	w.setClock(9, "10:00")
	p := w.writePost(w.thread(tonight))
	w.round()
	w.setClock(9, "10:05")
	w.round()
	w.wantAlerts("anna")
	no := false
	w.updatePreferences(func(c *digest.Preferences) { c.WeekendsOff = &no })
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestWeekendsOff_SendNowWorksAllTheSame(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.takeWeekendsOff()
	thread := w.thread(tonight)
	w.setClock(9, "10:00")
	p := w.writePost(thread)
	w.round()
	service := members.New(w.source, w.store, w.set)
	a, err := service.Account(t.Context(), w.clock(), annaID)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := service.SendNow(t.Context(), w.clock(), a); err != nil || got != members.SendNowQueued {
		t.Fatalf("SendNow = %s, %v", got, err)
	}
	w.round()
	w.wantMessages("anna", posts(p))
}
