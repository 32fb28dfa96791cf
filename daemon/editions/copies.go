package editions

import (
	"context"

	"postrider/digest"
	"postrider/forum"
)

// loadEarlierCopies reads the posts of the copies that may have arrived of editions that are repeated.
func (b *Builder) loadEarlierCopies(ctx context.Context, requests []Request, readers map[forum.MemberID]*digest.Reader) error {
	var keys []string
	for _, a := range requests {
		if a.Repeated {
			keys = append(keys, a.Key)
		}
	}
	earlier, err := b.earlierCopies(ctx, keys)
	if err != nil {
		return err
	}
	for _, a := range requests {
		if r := readers[a.Member]; r != nil {
			r.EarlierCopies = earlier[a.Key]
		}
	}
	return nil
}

// earlierAlertCopies is loadEarlierCopies for alerts. A member may have several, so the posts are returned by key.
func (b *Builder) earlierAlertCopies(ctx context.Context, requests []AlertRequest) (map[string]map[forum.PostID]bool, error) {
	var keys []string
	for _, a := range requests {
		if a.Repeated != "" {
			keys = append(keys, a.Repeated)
		}
	}
	return b.earlierCopies(ctx, keys)
}

func (b *Builder) earlierCopies(ctx context.Context, keys []string) (map[string]map[forum.PostID]bool, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return b.store.Outbox.EarlierPosts(ctx, keys)
}
