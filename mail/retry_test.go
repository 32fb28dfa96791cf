package mail

import (
	"testing"
	"time"
)

func TestRetry_ReadsDelayFromReply(t *testing.T) {
	tests := []struct {
		name, text string
		code       int
		want       time.Duration
	}{
		{"Exim", "Temporary local problem - please try again in 15 minutes", 451, 15 * time.Minute},
		{"postgrey", "4.2.0 <a@example.org>: Recipient address rejected: Greylisted for 300 seconds", 450, 5 * time.Minute},
		{"milter-greylist", "4.7.1 Greylisting in action, please come back in 00:04:59", 451, 4*time.Minute + 59*time.Second},
		{"sqlgrey", "Greylisted for 5 minutes (7)", 450, 5 * time.Minute},
		{"a policy daemon", "4.7.1 Try again later in 2 hours.", 450, 2 * time.Hour},
		{"an ESP", "too many messages, retry in 1h", 452, time.Hour},
		{"in capitals", "TRY AGAIN IN 10 MINUTES", 421, 10 * time.Minute},
		{"with the unit attached", "retry timeout exceeded, wait 90s", 451, 90 * time.Second},
		{"below our minimum", "try again in 1 second", 451, minRetry},
		{"above our maximum", "try again in 999999 hours", 451, maxRetry},
		{"no time at all", "4.3.0 try again later", 451, 0},
		{"a number of something else", "try again later: 14 messages in 1 connection", 451, 0},
		{"only a code", "4.7.1 450 greylisted", 450, 0},
		{"a permanent rejection", "try again in 5 minutes", 550, 0},
		{"a time that is not a delay", "your mail was received 5 minutes ago", 451, 0},
		{"nothing", "", 451, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (reply{code: tt.code, text: tt.text}).retry(); got != tt.want {
				t.Errorf("%d %s: retry in %v, want %v", tt.code, tt.text, got, tt.want)
			}
		})
	}
}

func FuzzRetry(f *testing.F) {
	for _, seed := range []string{
		"try again in 15 minutes", "Greylisted for 300 seconds", "come back in 00:04:59", "again in 99:99:99", "retry 999999h",
		"wait 0 seconds", "later -5 minutes", "again in \u0665 minutes", "back in 5\x00minutes", "greylist\xff5 min",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := reply{code: 451, text: text}.retry()
		if got != 0 && (got < minRetry || got > maxRetry) {
			t.Errorf("%q: retry in %v, want %v to %v", text, got, minRetry, maxRetry)
		}
		if got := (reply{code: 250, text: text}).retry(); got != 0 {
			t.Errorf("%q as a success: retry in %v", text, got)
		}
	})
}
