package forum

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DigestChoice is what a member chose in the forum's own settings about its digests: a frequency, and the hour in UTC if they chose
// one, such as "weekly" or "daily 7". "" is no choice.
type DigestChoice string

// The frequencies of a [DigestChoice].
const (
	NoDigests      = "off"
	HourlyDigests  = "hourly"
	DailyDigests   = "daily"
	WeeklyDigests  = "weekly"
	TwoWeekDigests = "two_weeks"
	MonthlyDigests = "monthly"
)

// DigestFrequencies lists the frequencies, the most frequent first.
func DigestFrequencies() []string {
	return []string{HourlyDigests, DailyDigests, WeeklyDigests, TwoWeekDigests, MonthlyDigests, NoDigests}
}

// ParseDigestChoice parses the column digest_choice of the query members.
func ParseDigestChoice(text string) (DigestChoice, error) {
	words := strings.Fields(text)
	valid := len(words) <= 2
	if valid && len(words) > 0 {
		valid = slices.Contains(DigestFrequencies(), words[0])
	}
	if valid && len(words) == 2 {
		hour, err := strconv.ParseFloat(words[1], 64) // phpBB stores fractions, for zones with half hours
		valid = err == nil && hour >= 0 && hour < 24 && words[0] != NoDigests
		if valid {
			words[1] = strconv.Itoa(int(hour))
		}
	}
	if !valid {
		return "", fmt.Errorf("invalid digest_choice %q: must be empty or one of %s, then perhaps an hour from 0 to 23", text, strings.Join(DigestFrequencies(), ", "))
	}
	return DigestChoice(strings.Join(words, " ")), nil
}

// Frequency returns the frequency, or "" for no choice.
func (c DigestChoice) Frequency() string {
	frequency, _, _ := strings.Cut(string(c), " ")
	return frequency
}

// Hour returns the hour in UTC. chosen is false if the member chose none.
func (c DigestChoice) Hour() (hour int, chosen bool) {
	_, text, _ := strings.Cut(string(c), " ")
	hour, err := strconv.Atoi(text)
	return hour, err == nil
}
