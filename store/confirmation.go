package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/internal/addr"
)

// Confirmation is a message that asks the owner of an address to confirm a subscription.
type Confirmation struct {
	Address string
	Token   string // of the link
}

// ConfirmationLimits keep strangers from sending many messages to an address, or many through us.
type ConfirmationLimits struct {
	Hourly   int // to one mailbox, in all its spellings
	Daily    int // to one mailbox
	ToDomain int // in a day, to one domain; large providers have no such limit
	InAll    int // in a day, to all addresses
}

// AskResult is what became of a request for a confirmation.
type AskResult int

// The results. Strangers must not learn the difference between the first two.
const (
	Asked         AskResult = iota // the message is in the outbox
	AskedOften                     // the mailbox has got enough of them
	AskedToDomain                  // its domain has
	AskedInAll                     // all addresses together have
)

// confirmationRetention is how long a confirmation is kept: as long as its link is valid and bounces usually take to arrive.
const confirmationRetention = 5 * 24 * time.Hour

// Ask puts a confirmation into the outbox, unless a limit is reached.
func (s Confirmations) Ask(ctx context.Context, now time.Time, c Confirmation, limits ConfirmationLimits) (result AskResult, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		number, err := s.nextNumber(ctx, tx, "confirmation") // concurrent requests wait for each other here
		if err != nil {
			return err
		}
		mailbox := addr.Mailbox(c.Address)
		if result, err = s.checkLimits(ctx, tx, now, mailbox, limits); err != nil || result != Asked {
			return err
		}
		key := fmt.Sprintf("%s/0/%d", KindConfirmation, number) // 0: no member
		a := args{"key": key, "kind": KindConfirmation, "priority": PriorityConfirmation, "now": now.Unix(), "expires": expires(KindConfirmation, now)}
		if _, err := s.exec(ctx, tx, "queue_confirmation", a); err != nil {
			return err
		}
		_, err = s.exec(ctx, tx, "add_confirmation", args{"key": key, "address": strings.ToLower(c.Address), "mailbox": mailbox, "token": c.Token, "now": now.Unix()})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("saving a confirmation: %w", err)
	}
	return result, nil
}

func (s Confirmations) checkLimits(ctx context.Context, tx *sqlx.Tx, now time.Time, mailbox string, limits ConfirmationLimits) (AskResult, error) {
	var hour, day, domain, all int
	a := args{"mailbox": mailbox, "domain": addr.Domain(mailbox), "hour": now.Add(-time.Hour).Unix(), "day": now.Add(-24 * time.Hour).Unix()}
	err := s.query(ctx, tx, "count_confirmations", a, func(scan scanFunc) error { return scan(&hour, &day, &domain, &all) })
	switch {
	case err != nil:
		return 0, err
	case all >= limits.InAll:
		return AskedInAll, nil
	case hour >= limits.Hourly || day >= limits.Daily:
		return AskedOften, nil
	case domain >= limits.ToDomain && !addr.IsOfProvider(mailbox):
		return AskedToDomain, nil
	}
	return Asked, nil
}

// Tokens returns the tokens of confirmations by their keys.
func (s Confirmations) Tokens(ctx context.Context, keys []string) (map[string]string, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	tokens := make(map[string]string, len(keys))
	err = s.query(ctx, nil, "confirmation_tokens", args{"keys": text}, func(scan scanFunc) error {
		var key, token string
		err := scan(&key, &token)
		tokens[key] = token
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading confirmations: %w", err)
	}
	return tokens, nil
}
