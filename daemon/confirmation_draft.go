package daemon

import (
	"context"
	"errors"

	"postrider/daemon/delivery"
	"postrider/daemon/envelope"
	"postrider/daemon/subscription"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/store"
	"postrider/templates"
)

// confirmer drafts the messages that ask the owner of an address to confirm a subscription.
type confirmer struct {
	*base
	reader subscription.Reader
}

// Why a confirmation is not sent.
const (
	linkExpired    = "the link of the confirmation has expired"
	nothingToOffer = "the sections were deleted or are not public any more"
	noSuchMember   = "no member has the address, or the forum allows them no email"
)

// draftConfirmations is the drafter for confirmations.
func (cf *confirmer) draftConfirmations(ctx context.Context, rows []store.Row) ([]delivery.Draft, error) {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	byKey, err := cf.Store.Confirmations.Tokens(ctx, keys)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(rows))
	for i, key := range keys {
		tokens[i] = byKey[key]
	}
	letters, err := cf.reader.Letters(ctx, cf.Now(), tokens)
	if err != nil {
		return nil, err
	}
	drafts := make([]delivery.Draft, len(rows))
	for i, l := range letters {
		drafts[i] = cf.confirmationDraft(l, tokens[i])
	}
	return drafts, nil
}

// confirmationDraft returns the draft of one confirmation. Its recipient is an address, not a member, even if a member has it.
func (cf *confirmer) confirmationDraft(l subscription.Letter, token string) delivery.Draft {
	switch {
	case errors.Is(l.Err, subscription.ErrExpired):
		return delivery.Draft{Skip: linkExpired}
	case l.Err != nil:
		return delivery.Draft{Skip: l.Err.Error()}
	case l.ToSettings && l.Member == forum.Guest:
		return delivery.Draft{Skip: noSuchMember}
	case l.ToSettings:
		return cf.settingsLinkDraft(l)
	case len(l.Titles) == 0:
		return delivery.Draft{Skip: nothingToOffer}
	}
	content := templates.Confirmation{
		Locale: l.Locale, Already: l.Already, Sections: l.Titles, Cadence: l.Cadence, Validity: subscription.Validity,
		URL: cf.Links.SubscribeURL(token),
	}
	if l.Already {
		content.URL = cf.Links.URL(link.Claims{Scope: link.Settings, Member: int64(l.Member)})
	}
	return delivery.Draft{
		To: forum.Member{Email: l.Address, Locale: l.Locale, Zone: l.Zone}, ExemptFromDailyLimit: true, Envelope: envelope.Confirmation(cf.settings),
		Render: func() (templates.Content, error) { return cf.Renderer.Confirmation(content) },
	}
}

// settingsLinkDraft returns the draft of a message with the link to a member's settings.
func (cf *confirmer) settingsLinkDraft(l subscription.Letter) delivery.Draft {
	content := templates.Confirmation{Locale: l.Locale, ToSettings: true, URL: cf.Links.URL(link.Claims{Scope: link.Settings, Member: int64(l.Member)})}
	return delivery.Draft{
		To: forum.Member{Email: l.Email, Locale: l.Locale}, ExemptFromDailyLimit: true, Envelope: envelope.Confirmation(cf.settings),
		Render: func() (templates.Content, error) { return cf.Renderer.Confirmation(content) },
	}
}
