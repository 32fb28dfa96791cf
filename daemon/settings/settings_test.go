package settings

import (
	"strings"
	"testing"
	"time"

	"postrider/digest"
)

func TestDigestConfig_ValidateNamesKeyAndFix(t *testing.T) {
	if err := DefaultDigest().Validate(); err != nil {
		t.Errorf("the defaults are invalid: %v", err)
	}
	tests := []struct {
		key, fix string
		spoil    func(c *Digest)
	}{
		{"cadence", "weekly", func(c *Digest) { c.Cadence = "fortnightly" }},
		{"hour", "0 to 23", func(c *Digest) { c.Hour = 24 }},
		{"hour", "0 to 23", func(c *Digest) { c.Hour = -1 }},
		{"weekday", "monday", func(c *Digest) { c.Weekday = "mon" }},
		{"day", "1 to 31", func(c *Digest) { c.Cadence, c.Day = digest.Monthly, 0 }},
		{"every", "12", func(c *Digest) { c.Cadence, c.Every = digest.EveryNHours, 5 }},
		{"every", "12", func(c *Digest) { c.Every = 0 }},
		{"time_zone", "Europe/Berlin", func(c *Digest) { c.Zone = "Berlin" }},
		{"time_zone", "UTC", func(c *Digest) { c.Zone = "" }},
		{"locale", "de", func(c *Digest) { c.Locale = "german please" }},
		{"first_window", "744h", func(c *Digest) { c.FirstWindow = -time.Second }},
		{"first_window", "744h", func(c *Digest) { c.FirstWindow = 800 * time.Hour }},
		{"excerpt_length", "40 to 5000", func(c *Digest) { c.Excerpt = 10 }},
		{"max_bytes", "20000 to 100000", func(c *Digest) { c.MaxBytes = 200_000 }},
	}
	for _, tt := range tests {
		c := DefaultDigest()
		tt.spoil(&c)
		err := c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), tt.key+" is ") || !strings.Contains(err.Error(), tt.fix) || strings.Contains(err.Error(), "\n") {
			t.Errorf("an invalid %s gives %v, want one line that starts with the key and contains %q", tt.key, err, tt.fix)
		}
	}
}

func TestDeliveryConfig_Validate(t *testing.T) {
	if err := DefaultDelivery().Validate(); err != nil {
		t.Errorf("the defaults are invalid: %v", err)
	}
	tests := []struct {
		key, fix string
		spoil    func(c *Delivery)
	}{
		{"allow_only has", "@example.org", func(c *Delivery) { c.AllowList = []string{"example.org"} }},
		{"on_uncertain is", "retry or give_up", func(c *Delivery) { c.OnUncertain = "maybe" }},
		{"uncertain_wait is", "24h", func(c *Delivery) { c.UncertainWait = -time.Second }},
		{"uncertain_wait is", "24h", func(c *Delivery) { c.UncertainWait = 25 * time.Hour }},
	}
	for _, tt := range tests {
		c := DefaultDelivery()
		tt.spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.key) || !strings.Contains(err.Error(), tt.fix) {
			t.Errorf("an invalid setting gives %v, want an error that starts with %q and contains %q", err, tt.key, tt.fix)
		}
	}
}

func TestScanConfig_Validate(t *testing.T) {
	if err := DefaultScan().Validate(); err != nil {
		t.Errorf("the defaults are invalid: %v", err)
	}
	for _, c := range []Scan{
		{Interval: time.Millisecond, MaxAge: 24 * time.Hour},
		{Interval: 2 * time.Hour, MaxAge: 24 * time.Hour},
		{Interval: time.Second, MaxAge: time.Hour},
		{Interval: time.Second, MaxAge: 91 * 24 * time.Hour}, // longer than the store keeps sightings
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%+v gives %v, want an error with the allowed values", c, err)
		}
	}
}
