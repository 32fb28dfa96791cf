package digest

// Phrase is a sentence for people. The locales have its words, in their table "reason".
type Phrase struct {
	Key  string // a key of the table; other texts, for example from old rows of the store, are shown unchanged
	Args []any  // names and values of the placeholders, in pairs; a value is a string, a [Reason], a [Word] or a Phrase
}

// Word is a key in another table of the locales. Without a text there, the key itself is shown.
type Word struct{ Table, Key string }

// NewPhrase returns a phrase with the names and values of its placeholders.
func NewPhrase(key string, args ...any) Phrase { return Phrase{key, args} }

// Phrase returns the reason as a phrase. The reason is its own key, because the store has it in this spelling.
func (r Reason) Phrase() Phrase { return Phrase{Key: string(r)} }

// Word returns the cause as a word of a phrase.
func (c AlertCause) Word() Word { return Word{"alert_cause", string(c)} }

// DomainHeld returns the reason of a message that waits for the end of the hold of its domain.
func DomainHeld(domain, reason string) Phrase {
	return NewPhrase("domain_held", "domain", domain, "reason", reason)
}
