package daemon

import (
	"context"

	"postrider/daemon/delivery"
	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/store"
	"postrider/templates"
)

// draftDigests is the drafter for editions.
func (dp *digestPlanner) draftDigests(ctx context.Context, rows []store.Row) ([]delivery.Draft, error) {
	asks := make([]editions.Request, len(rows))
	for i, r := range rows {
		asks[i] = editions.Request{Key: r.Key, Member: r.Member, After: r.From, Until: r.Until, Planned: r.Created, Repeated: r.UncertainCount > 0}
	}
	built, err := dp.builder.Build(ctx, dp.Now(), asks)
	if err != nil {
		return nil, err
	}
	drafts := make([]delivery.Draft, len(rows))
	for i, e := range built {
		if e.Digest == nil {
			drafts[i] = delivery.Draft{Skip: e.Skip, NotBefore: e.NotBefore, HoldReason: e.HoldReason, Deferred: e.Deferred}
			continue
		}
		footer := envelope.WithViewLink(envelope.DigestFooter(dp.Links, e.Digest.Member.ID), dp.Links, e.Digest.Member.ID, rows[i].Key)
		drafts[i] = delivery.Draft{
			To: e.Digest.Member, Posts: e.Digest.Counts().Posts, Digest: e.Digest, TextOnly: e.TextOnly, Deferred: e.Deferred, Envelope: envelope.Digest(dp.settings, footer.Unsubscribe),
			Render: func() (templates.Content, error) {
				return dp.Renderer.Digest(e.Digest, footer, dp.settings.Digest.MaxBytes)
			},
		}
	}
	return drafts, nil
}
