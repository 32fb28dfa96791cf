package daemon

import (
	"strings"
	"testing"
	"time"

	"postrider/digest"
)

func TestEachWrongSettingNamesItsKeyAndACure(t *testing.T) {
	if err := DefaultDigest().Validate(); err != nil {
		t.Errorf("the defaults are wrong: %v", err)
	}
	tests := []struct {
		key, cure string
		spoil     func(c *DigestConfig)
	}{
		{"cadence", "weekly", func(c *DigestConfig) { c.Cadence = "fortnightly" }},
		{"hour", "0 to 23", func(c *DigestConfig) { c.Hour = 24 }},
		{"hour", "0 to 23", func(c *DigestConfig) { c.Hour = -1 }},
		{"weekday", "monday", func(c *DigestConfig) { c.Weekday = "mon" }},
		{"day", "1 to 31", func(c *DigestConfig) { c.Cadence, c.Day = digest.Monthly, 0 }},
		{"every", "12", func(c *DigestConfig) { c.Cadence, c.Every = digest.EveryNHours, 5 }},
		{"every", "12", func(c *DigestConfig) { c.Every = 0 }},
		{"time_zone", "Europe/Berlin", func(c *DigestConfig) { c.Zone = "Berlin" }},
		{"time_zone", "UTC", func(c *DigestConfig) { c.Zone = "" }},
		{"locale", "de", func(c *DigestConfig) { c.Locale = "german please" }},
		{"first_window", "744h", func(c *DigestConfig) { c.FirstWindow = -time.Second }},
		{"first_window", "744h", func(c *DigestConfig) { c.FirstWindow = 800 * time.Hour }},
		{"excerpt_length", "40 to 5000", func(c *DigestConfig) { c.Excerpt = 10 }},
		{"max_bytes", "20000 to 100000", func(c *DigestConfig) { c.MaxBytes = 200_000 }},
	}
	for _, tt := range tests {
		c := DefaultDigest()
		tt.spoil(&c)
		err := c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), tt.key+" is ") || !strings.Contains(err.Error(), tt.cure) || strings.Contains(err.Error(), "\n") {
			t.Errorf("a wrong %s gives %v, want one line that begins with the key and tells %q", tt.key, err, tt.cure)
		}
	}
}

func TestDeliveryHasItsLimits(t *testing.T) {
	if err := DefaultDelivery().Validate(); err != nil {
		t.Errorf("the defaults are wrong: %v", err)
	}
	tests := []struct {
		key, cure string
		spoil     func(c *DeliveryConfig)
	}{
		{"allow_only has", "@example.org", func(c *DeliveryConfig) { c.AllowList = []string{"example.org"} }},
		{"on_uncertain is", "retry or give_up", func(c *DeliveryConfig) { c.OnUncertain = "maybe" }},
		{"uncertain_wait is", "24h", func(c *DeliveryConfig) { c.UncertainWait = -time.Second }},
		{"uncertain_wait is", "24h", func(c *DeliveryConfig) { c.UncertainWait = 25 * time.Hour }},
	}
	for _, tt := range tests {
		c := DefaultDelivery()
		tt.spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.key) || !strings.Contains(err.Error(), tt.cure) {
			t.Errorf("a wrong setting gives %v, want an error that begins with %q and tells %q", err, tt.key, tt.cure)
		}
	}
}

func TestGatheringHasItsLimits(t *testing.T) {
	if err := DefaultScan().Validate(); err != nil {
		t.Errorf("the defaults are wrong: %v", err)
	}
	for _, c := range []ScanConfig{
		{Interval: time.Millisecond, MaxAge: 24 * time.Hour},
		{Interval: 2 * time.Hour, MaxAge: 24 * time.Hour},
		{Interval: time.Second, MaxAge: time.Hour},
		{Interval: time.Second, MaxAge: 91 * 24 * time.Hour}, // the store would have forgotten what it sighted then
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "choose") {
			t.Errorf("%+v gives %v, want an error that tells what to choose", c, err)
		}
	}
}

// What is told once must stay told, however long it is until the forum's newest posts leave the overlap.
func TestWhatTheStoreHasForgottenIsNotToldAgain(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	w.set.Scan.MaxAge = 90 * 24 * time.Hour
	w.restart()
	p := w.post(w.thread(routes))
	w.at(5, "08:00")
	w.round()
	w.got("bert", posts(p))
	for _, days := range []int{89, 91, 100} {
		w.turn(born.AddDate(0, 0, days))
		w.round()
		if err := w.daemon.prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.restart()
		w.turn(born.AddDate(0, 0, days+1))
		w.round()
		w.got("bert")
	}
}
