package subscription

import (
	"context"
	"time"

	"postrider/internal/link"
	"postrider/store"
)

// linksDaily is the most messages with links to settings, and confirmations, in a day.
const linksDaily = 10_000

// SettingsLinks emails members the link to their settings. It is safe for concurrent use.
type SettingsLinks struct {
	links *link.Signer
	store *store.Store
}

// NewSettingsLinks returns SettingsLinks for the pages.
func NewSettingsLinks(links *link.Signer, s *store.Store) *SettingsLinks {
	return &SettingsLinks{links, s}
}

// Ask puts a message to the member with an address into the outbox. Whether there is one is read when it is sent, so strangers learn it
// neither from what Ask returns nor from how long it takes. An address gets as many as of confirmations. It reports whether all addresses
// together have got too many messages today.
func (s *SettingsLinks) Ask(ctx context.Context, now time.Time, address, locale string) (tooMany bool, err error) {
	token, err := seal(s.links, Request{ID: newID(), Address: address, Locale: locale, ToSettings: true, Asked: now.Unix()})
	if err != nil {
		return false, err
	}
	limits := store.ConfirmationLimits{Hourly: hourly, Daily: daily, ToDomain: linksDaily, InAll: linksDaily}
	result, err := s.store.Confirmations.Ask(ctx, now, store.Confirmation{Address: address, Token: token}, limits)
	return result == store.AskedToDomain || result == store.AskedInAll, err
}
