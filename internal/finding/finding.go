// Package finding holds the result of a check: one part of the installation, its level, and how to fix what is wrong.
package finding

// Level says how serious a finding is.
type Level string

// The levels, as printed. Warn: messages may be rejected or lost. Fail: messages are rejected or lost, or none can be sent.
const (
	LevelOK   Level = "ok"
	LevelWarn Level = "warn"
	LevelFail Level = "FAIL"
)

// Finding is what a check found out about one part.
type Finding struct {
	Part  string `json:"part"` // "forum", "spf", "dkim record", ...
	Level Level  `json:"level"`
	Text  string `json:"text"` // what was found; further lines hold records
	Fix   string `json:"fix,omitempty"`
}

// OK returns a finding without a fault.
func OK(part, text string) Finding { return Finding{Part: part, Level: LevelOK, Text: text} }

// Warn returns a finding that lets postrider run.
func Warn(part, text, fix string) Finding {
	return Finding{Part: part, Level: LevelWarn, Text: text, Fix: fix}
}

// Fail returns a finding that prevents messages from being sent or delivered.
func Fail(part, text, fix string) Finding {
	return Finding{Part: part, Level: LevelFail, Text: text, Fix: fix}
}
