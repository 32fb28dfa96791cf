package templates

import (
	"strings"
	"testing"
	"time"

	"postrider/internal/golden"
)

func TestAlarm_Renders(t *testing.T) {
	set := load(t)
	site, _ := set.Sample()
	base := Alarm{
		Kind: "held", Object: "gmail.com", Host: "mail1",
		Detail: "550 5.7.26 <b>unauthenticated</b>\r\nsee https://example.com \u202e",
		Since:  time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC), At: time.Date(2026, 5, 4, 6, 2, 0, 0, time.UTC), Zone: time.UTC,
	}
	resolved := base
	resolved.Resolved, resolved.Kind, resolved.Object, resolved.Detail = true, "relay", "", ""
	for _, tt := range []struct {
		name, locale string
		alarm        Alarm
	}{{"alarm.en", "en", base}, {"alarm.de", "de", base}, {"alarm-resolved.en", "en", resolved}} {
		t.Run(tt.name, func(t *testing.T) {
			site.Locale = tt.locale
			c, err := set.NewRenderer(site, 1).Alarm(tt.alarm)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkTagBalance(c.HTML.Plain()); err != nil {
				t.Error(err)
			}
			golden.Files(t, tt.name, map[string]string{
				"html": c.HTML.Plain(),
				"txt":  "Subject: " + c.Subject + "\n\n" + c.Text.Plain(),
			})
		})
	}
}

func TestAlarm_EveryKindHasText(t *testing.T) {
	set := load(t)
	site, _ := set.Sample()
	for _, site.Locale = range set.admins.tags() {
		for _, kind := range alarmKinds {
			what, fix := set.NewRenderer(site, 1).AlarmText(kind, "gmail.com")
			if what == "" || fix == "" || strings.Contains(what+fix, "{") || kind == "held" && !strings.Contains(what, "gmail.com") {
				t.Errorf("%s in %s: %q, %q", kind, site.Locale, what, fix)
			}
		}
	}
}
