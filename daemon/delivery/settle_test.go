package delivery

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/mail"
	"postrider/store"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func newQuietService() *Service {
	return &Service{
		Deps:     Deps{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }},
		settings: settings.Settings{Delivery: settings.DefaultDelivery()},
	}
}

func TestSettlement_EveryOutcome(t *testing.T) {
	tests := []struct {
		name    string
		result  mail.Result
		attempt int
		doubts  int
		state   string
		counted bool
		after   time.Duration // minimum delay
	}{
		{"accepted: the covered sequence advances", mail.Accepted, 0, 0, "accepted", true, 0},
		{"rejected: the covered sequence stays, so the next edition has the posts", mail.Refused, 0, 0, "refused", true, 0},
		{"a relay that is down counts no attempt", mail.NotSent, 0, 0, "queued", false, connectionRetryDelay},
		{"even after many attempts", mail.NotSent, 15, 0, "queued", false, connectionRetryDelay},
		{"a 4xx reply is retried", mail.TempFail, 0, 0, "queued", true, 40 * time.Second},
		{"then after a longer delay", mail.TempFail, 5, 0, "queued", true, 90 * time.Minute},
		{"for as long as the message may wait", mail.TempFail, 40, 0, "queued", true, 6 * time.Hour},
		{"an uncertain message is repeated once", mail.Uncertain, 0, 0, "queued", true, 15 * time.Minute},
		{"even after several temporary rejections", mail.Uncertain, 3, 0, "queued", true, 15 * time.Minute},
		{"then given up", mail.Uncertain, 1, 1, "uncertain", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := store.Row{Key: "digest/42/2026-05-04", Member: 42, Until: 77, Attempt: tt.attempt, UncertainCount: tt.doubts}
			got := newQuietService().settlement(row, mail.Outcome{Result: tt.result, Code: 250, Reply: "queued", QueueID: "A1"}, 3, 2000)
			if got.State != tt.state || got.CountAttempt != tt.counted {
				t.Errorf("settled as %s, counted %v; want %s, %v", got.State, got.CountAttempt, tt.state, tt.counted)
			}
			if tt.after > 0 && got.NotBefore.Before(noon.Add(tt.after)) {
				t.Errorf("next attempt at %v, want at least %v from now", got.NotBefore, tt.after)
			}
			if got.Key != row.Key || got.Result != string(tt.result) || got.QueueID != "A1" || got.Posts != 3 {
				t.Errorf("the reply of the relay is lost: %+v", got)
			}
		})
	}
}

func TestRetryDelay_FollowsHints(t *testing.T) {
	tests := []struct {
		name        string
		attempt     int
		hint        time.Duration
		least, most time.Duration
	}{
		{"no hint", 0, 0, 48 * time.Second, 72 * time.Second},
		{"later than our delay", 0, 20 * time.Minute, 20 * time.Minute, 23 * time.Minute},
		{"sooner than our delay", 2, time.Minute, time.Minute, 68 * time.Second},
		{"sooner than our delay, too often", 4, time.Minute, 48 * time.Minute, 72 * time.Minute},
		{"later than our delay, often", 4, 3 * time.Hour, 3 * time.Hour, 4 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 100 {
				out := mail.Outcome{Result: mail.TempFail, Code: 451, Retry: tt.hint}
				got := newQuietService().settlement(store.Row{Attempt: tt.attempt}, out, 1, 1).NotBefore.Sub(noon)
				if got < tt.least || got > tt.most {
					t.Fatalf("waits for %v, want %v to %v", got, tt.least, tt.most)
				}
			}
		})
	}
}

func TestSettlement_RejectedSenderCountsNoAttempt(t *testing.T) {
	row := store.Row{Key: "digest/42/2026-05-04", Member: 42, Until: 77}
	got := newQuietService().settlement(row, mail.Outcome{Result: mail.Refused, Stage: mail.Sender, Code: 550}, 3, 2000)
	if got.State != store.StateQueued || got.CountAttempt || !got.NotBefore.After(noon) {
		t.Errorf("settled as %+v, want it queued without an attempt", got)
	}
}

func TestSettlement_SkippedEditionAdvancesCoveredSeq(t *testing.T) {
	got := newQuietService().skippedSettlement(store.Row{Key: "k", Member: 42, Until: 77}, "banned")
	if got.State != store.StateSkipped || got.Reason != "banned" {
		t.Errorf("settled as %+v", got)
	}
}

func TestSettlement_UncertainAlertNotRetriedIfConfigured(t *testing.T) {
	var log bytes.Buffer
	d := newQuietService()
	d.Log = slog.New(slog.NewTextHandler(&log, nil))
	d.settings.Delivery.OnUncertain = settings.UncertainGiveUp
	s := d.settlement(store.Row{Key: "alert/42/T7", Kind: store.KindAlert, Member: 42}, mail.Outcome{Result: mail.Uncertain}, 1, 2000)
	if s.State != store.StateUncertain || !strings.Contains(s.Reason, "not retried") || strings.Count(log.String(), "uncertain message not retried") != 1 {
		t.Errorf("settled as %+v, want it given up; the log:\n%s", s, &log)
	}
}
