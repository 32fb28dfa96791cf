package store_test

import (
	"fmt"
	"testing"
	"time"

	"postrider/digest"
	"postrider/store"
)

var confirmationLimits = store.ConfirmationLimits{Hourly: 1, Daily: 3, ToDomain: 6, InAll: 10}

func ask(t *testing.T, s *store.Store, at time.Time, address string) store.AskResult {
	t.Helper()
	return must(s.Confirmations.Ask(t.Context(), at, store.Confirmation{Address: address, Token: "token for " + address}, confirmationLimits))(t)
}

func TestConfirmations_AreLimited(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for _, step := range []struct {
			name    string
			after   time.Duration
			address string
			want    store.AskResult
		}{
			{"the first", 0, "anna@example.org", store.Asked},
			{"again in the same hour, in another spelling", 59 * time.Minute, "Anna@example.org", store.AskedOften},
			{"with a tag", 59 * time.Minute, "anna+news@example.org", store.AskedOften},
			{"at Gmail", 59 * time.Minute, "a.n.na+a@gmail.com", store.Asked},
			{"with other dots", 59 * time.Minute, "An.na@GoogleMail.com", store.AskedOften},
			{"another address", 59 * time.Minute, "bert@example.org", store.Asked},
			{"the second of a day", time.Hour, "anna@example.org", store.Asked},
			{"the third of a day", 2 * time.Hour, "anna@example.org", store.Asked},
			{"the fourth of a day", 23 * time.Hour, "anna@example.org", store.AskedOften},
			{"the next day", 24*time.Hour + time.Minute, "anna@example.org", store.Asked},
		} {
			if got := ask(t, s, now.Add(step.after), step.address); got != step.want {
				t.Errorf("%s: %v, want %v", step.name, got, step.want)
			}
		}
		later := now.Add(72 * time.Hour)
		for i := range confirmationLimits.InAll {
			address := fmt.Sprintf("m%d@example.org", i)
			if i >= confirmationLimits.ToDomain {
				if got := ask(t, s, later, address); got != store.AskedToDomain {
					t.Fatalf("address %d of one domain: %v", i, got)
				}
				address = fmt.Sprintf("m%d@gmail.com", i)
			}
			if got := ask(t, s, later, address); got != store.Asked {
				t.Fatalf("address %d: %v", i, got)
			}
		}
		if got := ask(t, s, later, "onemore@gmail.com"); got != store.AskedInAll {
			t.Errorf("above the limit of all: %v", got)
		}
	})
}

func TestConfirmations_GoBeforeAlertsAndLeaveNothingBehind(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		ask(t, s, now, "anna@example.org")
		rows := claim(t, s, now)
		if len(rows) != 1 || rows[0].Kind != store.KindConfirmation || rows[0].Member != 0 || store.PriorityOf(rows[0].Kind) >= store.PriorityAlert {
			t.Fatalf("claimed %+v", rows)
		}
		key := rows[0].Key
		tokens := must(s.Confirmations.Tokens(t.Context(), []string{key, "alert/1/T1/1"}))(t)
		equal(t, "tokens", tokens, map[string]string{key: "token for anna@example.org"})
		if store.KindOf(key) != store.KindConfirmation {
			t.Errorf("the key %s has the kind %s", key, store.KindOf(key))
		}
		settleOne(t, s, accepted(rows[0], now))
		check(t, s.Prune(t.Context(), now.Add(4*24*time.Hour)))
		if tokens := must(s.Confirmations.Tokens(t.Context(), []string{key}))(t); len(tokens) != 1 {
			t.Error("deleted while bounces may still come")
		}
		check(t, s.Prune(t.Context(), now.Add(6*24*time.Hour)))
		db := openRaw(t, dsn)
		for _, table := range []string{"outbox", "outcome", "confirmation"} {
			n := 0
			check(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows in %s after a week", n, table)
			}
		}
	})
}

func TestConsents_CountEachRequestOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		want := store.Consent{
			Member: 42, Address: "anna@example.org", Asked: now.Add(-time.Hour), Confirmed: now, Sections: []string{"News", `"Local", <b>`}, Cadence: digest.Weekly, Locale: "de",
		}
		for i, first := range []bool{true, false} {
			if recorded := must(s.Consents.Record(t.Context(), "r1", want))(t); recorded != first {
				t.Errorf("attempt %d: recorded is %t", i+1, recorded)
			}
		}
		later := want
		later.Confirmed = now.Add(time.Hour)
		must(s.Consents.Record(t.Context(), "r2", later))(t)
		equal(t, "consents", must(s.Consents.Of(t.Context(), 42))(t), []store.Consent{later, want})
		if member, known, err := s.Consents.MemberOf(t.Context(), "r1"); member != 42 || !known || err != nil {
			t.Errorf("MemberOf(r1) = %d, %t, %v", member, known, err)
		}
		if _, known, err := s.Consents.MemberOf(t.Context(), "r3"); known || err != nil {
			t.Errorf("MemberOf(r3): known is %t, %v", known, err)
		}
		if list := must(s.Consents.Of(t.Context(), 43))(t); len(list) > 0 {
			t.Errorf("another member's consents: %v", list)
		}
	})
}
