package digest

import (
	"reflect"
	"testing"
)

func TestParseStored_ReadsWhatStoredWrites(t *testing.T) {
	t.Parallel()
	hold := NewPhrase("domain_on_hold_since", "domain", "example.org", "reason", Reason(NewPhrase("hold_rejected", "rejected", "12", "of", "14 & 50% = all").Stored()))
	for _, tt := range []struct {
		phrase Phrase
		stored string
	}{
		{NewPhrase("rate_limited", "provider", "gmail.com", "rate", "60"), "rate_limited?provider=gmail.com&rate=60"},
		{hold, "domain_on_hold_since?domain=example.org&reason=hold_rejected?rejected%3D12%26of%3D14 %2526 50%2525 %253D all"},
		{Reason(ReasonDailyLimit).Phrase(), ReasonDailyLimit},
	} {
		if got := tt.phrase.Stored(); got != tt.stored {
			t.Errorf("%v is stored as %q, want %q", tt.phrase, got, tt.stored)
		}
		if got := ParseStored(tt.stored); !reflect.DeepEqual(got, tt.phrase) {
			t.Errorf("%q is read as %v, want %v", tt.stored, got, tt.phrase)
		}
	}
}

func TestParseStored_OtherTextsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "?", "550 5.1.1 unknown?", "see https://example.org/?a=b", "what?", "busy?try%zz=1", "Who?a=b"} {
		if got := ParseStored(text); got.Key != text || len(got.Args) > 0 {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
