package mirror

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

const (
	// commentsFor is how long after an item its comments are read.
	commentsFor = 14 * day
	// commentFeedsAtOnce is how many feeds of comments are read in one poll. The others follow in the next one.
	commentFeedsAtOnce = 10
)

// commentFeed is the feed of an item's comments.
type commentFeed struct {
	item  string // its key, and the ID of its thread
	url   string
	count int64 // of comments, as the item says
}

// commentsOf returns the feed of an item's comments, as WordPress and others name it (the modules wfw and slash of RSS). ok is false if
// the item names none, has no comments, or is too old.
func commentsOf(item *gofeed.Item, key string, now time.Time) (c commentFeed, ok bool) {
	address := usableURL(strings.TrimSpace(extension(item, "wfw", "commentRss")))
	count, err := strconv.ParseInt(strings.TrimSpace(extension(item, "slash", "comments")), 10, 32)
	recent := now.Unix()-published(item) < int64(commentsFor/time.Second)
	return commentFeed{key, address, count}, err == nil && count > 0 && address != "" && recent
}

// extension returns the text of an element of another namespace.
func extension(item *gofeed.Item, space, name string) string {
	if list := item.Extensions[space][name]; len(list) > 0 {
		return list[0].Value
	}
	return ""
}

// readComments reads the comments of items that have more of them than before, and returns how many are new or changed. The addresses
// come from the feed, so they count as redirects. What fails is tried again with the next poll.
func (p *Poller) readComments(ctx context.Context, client *feedClient, f Feed, feeds []commentFeed, now time.Time) (changed int, err error) {
	client.leave()
	slices.Reverse(feeds) // the newest items first
	for _, c := range feeds[:min(len(feeds), commentFeedsAtOnce)] {
		got, failed := p.fetch(ctx, client, c.url, FeedState{})
		if ctx.Err() != nil {
			return changed, nil
		}
		if failed != nil {
			p.Log.Warn("cannot read the comments of an item", "feed", redacted(f.URL), "comments", redacted(c.url), "err", failed)
			continue
		}
		n, err := p.DB.storeComments(ctx, f, c, got.items, now)
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// storeComments makes posts of comments in the thread of their item, and returns how many are new or changed.
func (db *DB) storeComments(ctx context.Context, f Feed, c commentFeed, items []*gofeed.Item, now time.Time) (changed int, err error) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b *gofeed.Item) int { return cmp.Compare(published(a), published(b)) })
	err = db.transaction(ctx, func(tx *transaction) error {
		in := newIntake(tx, now)
		for _, item := range items {
			id := cmp.Or(item.GUID, item.Link)
			if id == "" {
				continue
			}
			_, p := threadOf(item, hashOf(f.URL, "comment", c.item, id), "")
			p.Thread, p.fresh = c.item, false
			if p.HTML == "" {
				continue
			}
			var same int
			if err := in.get("same_posts", args{"ref": p.ID, "body": p.HTML}, &same); err != nil {
				return err
			}
			changed += 1 - same
			if err := in.all(&Request{Posts: []Post{p}}); err != nil {
				return err
			}
		}
		_, err := in.exec("count_comments", args{"url": f.URL, "item": c.item, "comments": c.count})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("storing comments: %w", err)
	}
	return changed, nil
}
