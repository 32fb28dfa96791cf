package members

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"postrider/digest"
)

// Fingerprint identifies what the member chose: it changes with each choice. A form that was made before then is outdated.
func (a Account) Fingerprint() string {
	overrides := make(map[string]digest.Cadence)
	for _, w := range a.Watches {
		if w.Override != "" {
			overrides[w.place()] = w.Override
		}
	}
	text, err := json.Marshal([]any{a.Explicit, overrides})
	if err != nil {
		panic(err) // numbers, strings and times only, which cannot fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (w WatchSetting) place() string {
	if w.Section != 0 {
		return fmt.Sprintf("section %d", w.Section)
	}
	return fmt.Sprintf("thread %d", w.Thread)
}

// Changes lists what UpdatePreferences would change for the member, for the audit log: "alerts first → off".
func (a Account) Changes(want digest.Preferences, overrides []WatchSetting) (list []string) {
	add := func(name, before, after string) {
		if before != after {
			list = append(list, fmt.Sprintf("%s %s → %s", name, before, after))
		}
	}
	held := a.Effective
	add("digests", scheduleText(held.Schedule), scheduleText(want.Schedule))
	add("zone", held.Zone, want.Zone)
	add("language", held.Locale, want.Locale)
	add("format", string(held.Format), string(want.Format))
	add("posts", excerptText(held.Excerpt), excerptText(want.Excerpt))
	add("alerts", string(held.Alerts), string(want.Alerts))
	add("bundle", string(held.Bundle), string(want.Bundle))
	for _, kind := range digest.PostKinds() {
		add(string(kind), string(held.Switches.Of(kind)), string(want.Switches.Of(kind)))
	}
	add("own posts", fmt.Sprint(*held.IncludeOwnPosts), fmt.Sprint(*want.IncludeOwnPosts))
	add("unread only", fmt.Sprint(*held.UnreadOnly), fmt.Sprint(*want.UnreadOnly))
	add("new threads only", fmt.Sprint(*held.NewThreadsOnly), fmt.Sprint(*want.NewThreadsOnly))
	add("weekends off", fmt.Sprint(*held.WeekendsOff), fmt.Sprint(*want.WeekendsOff))
	add("announcements", fmt.Sprint(*held.Announcements), fmt.Sprint(*want.Announcements))
	add("quiet hours", quietText(held.Quiet), quietText(want.Quiet))
	add("pause", pauseText(a.Explicit.PausedUntil), pauseText(want.PausedUntil))
	before := make(map[string]digest.Cadence)
	for _, w := range a.Watches {
		before[w.place()] = w.Override
	}
	for _, w := range overrides {
		add(w.place(), overrideText(before[w.place()]), overrideText(w.Override))
	}
	return list
}

func scheduleText(s *digest.Schedule) string {
	switch c := s.Canonical(); {
	case c.Cadence == digest.Off:
		return string(c.Cadence)
	case c.Cadence.HasWeekday():
		return fmt.Sprintf("%s (%s, %d:00)", c.Cadence, c.Weekday, c.Hour)
	case c.Cadence == digest.Monthly:
		return fmt.Sprintf("%s (day %d, %d:00)", c.Cadence, c.Day, c.Hour)
	case c.Cadence == digest.EveryNHours:
		return fmt.Sprintf("%s (every %d, %d:00)", c.Cadence, c.Every, c.Hour)
	default:
		return fmt.Sprintf("%s (%d:00)", c.Cadence, c.Hour)
	}
}

func excerptText(length int) string {
	switch length {
	case digest.TitlesOnly:
		return "titles only"
	case digest.WholePosts:
		return "whole"
	}
	return fmt.Sprintf("%d characters", length)
}

func quietText(q *digest.QuietHours) string {
	if *q == (digest.QuietHours{}) {
		return "none"
	}
	return fmt.Sprintf("%d-%d", q.From, q.Until)
}

func pauseText(until time.Time) string {
	if until.IsZero() {
		return "none"
	}
	return until.UTC().Format(time.RFC3339)
}

func overrideText(c digest.Cadence) string {
	if c == "" {
		return "as on the forum"
	}
	return string(c)
}
