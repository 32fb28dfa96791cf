package bounce

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"postrider/internal/racetest"
)

// TestParse_KeepsToBudget parses hostile messages of the largest size that is read.
func TestParse_KeepsToBudget(t *testing.T) {
	racetest.SkipIfRace(t) // its sync.Pool drops values at random, so regular expressions allocate a hundred times as much
	fill := func(head, unit string) string { return head + strings.Repeat(unit, MaxBytes/len(unit)) }
	nested := "Content-Type: message/rfc822\n\n"
	status := "Content-Type: message/delivery-status\n\n"
	for name, raw := range map[string]string{
		"continuation lines":       fill("Subject: x", "\n a"),
		"empty continuation lines": fill("Subject: x\n", " \n"),
		"fields":                   fill("", "a:\n"),
		"recipients":               fill("To: ", "a@b.example,\n "),
		"content type":             fill("Content-Type: multipart/mixed", "; a*0*=b"),
		"parameters":               fill("Content-Type: a/b", ";a=b"),
		"boundaries":               fill("Content-Type: multipart/mixed; boundary=a\n\n", "--a\n"),
		"nested messages":          fill("", nested),
		"nested parts":             fill("", "Content-Type: multipart/mixed; boundary=a\n\n--a\n"),
		"groups":                   fill(status, "Final-Recipient: a\nAction: failed\n\n"),
		"groups without blanks":    fill(status, "Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\n"),
		"dashes":                   fill("Subject: undeliverable\nReturn-Path: <>\n\n", "-"),
		"markers":                  fill("Subject: undeliverable\nReturn-Path: <>\n\n", "-- original message\n"),
		"reply lines":              fill("Subject: undeliverable\nReturn-Path: <>\n\n", "said 550-"),
		"wrapped replies":          fill("Subject: undeliverable\nReturn-Path: <>\n\nsaid: 550 ", "error 550 failed 550 "),
		"qmail":                    fill("\nHi. This is the qmail\n", "<a@b>:\n"),
		"tags":                     fill("Content-Type: text/html\nSubject: undeliverable\nReturn-Path: <>\n\n", "<"),
		"encoded words":            fill("Subject: ", "=?utf-8?q?a?= "),
		"failed recipients":        fill("X-Failed-Recipients: ", "a@b.example, "),
		"addresses":                fill("Subject: undeliverable\nReturn-Path: <>\nX-Failed-Recipients: a@b\n\n", "a@b\n"),
		"transcript":               fill("Subject: undeliverable\nReturn-Path: <>\n\n", "<<< 550 a\n550 <a@b>... c\n"),
		"blocks":                   fill("Subject: undeliverable\nReturn-Path: <>\n\n", "a@b: 550 no\n\n"),
		"notification":             fill("\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[", "{},"),
		"nested notification":      fill("\n", "{\"Message\":"),
		"base64":                   "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(make([]byte, MaxBytes/2)),
		"character set":            fill("Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1b$B"),
		"lines":                    fill("", "\n"),
		"one line":                 fill("", "a"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			report := Parse([]byte(raw))
			for _, r := range report.Recipients {
				r.Class()
			}
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<20 {
				t.Errorf("allocated %d MB", allocated>>20)
			}
			t.Log(took, fmt.Sprint((after.TotalAlloc-before.TotalAlloc)>>10, " KB"))
		})
	}
}
