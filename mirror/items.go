package mirror

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

// storeFeed makes posts of the items of a feed that are new since its first poll, and updates those that changed. It returns how many,
// and the feeds of comments to read.
func (db *DB) storeFeed(ctx context.Context, f Feed, state *FeedState, got fetched, now time.Time) (changed int, comments []commentFeed, err error) {
	state.ETag, state.Modified = got.etag, got.modified
	if got.unchanged {
		return 0, nil, nil
	}
	first := state.BeganAt == 0
	if first {
		state.BeganAt = now.Unix()
	}
	items := slices.Clone(got.items)
	slices.Reverse(items) // feeds have the newest first
	slices.SortStableFunc(items, func(a, b *gofeed.Item) int { return cmp.Compare(published(a), published(b)) })
	err = db.transaction(ctx, func(tx *transaction) error {
		in := newIntake(tx, now)
		section := Section{ID: feedSection(f.Section), Title: f.Section, URL: usableURL(got.link)}
		if err := in.all(&Request{Sections: []Section{section}}); err != nil {
			return err
		}
		present := make(map[string]bool)
		for _, item := range items {
			present[itemKey(f, item)] = true
		}
		for _, item := range items {
			known, done, err := in.item(f, section.ID, item, present, *state, first)
			if err != nil {
				return err
			}
			if done {
				changed++
			}
			if c, ok := commentsOf(item, known.Key, now); ok && f.Comments && known.Stored && c.count != known.Comments {
				comments = append(comments, c)
			}
		}
		return nil
	})
	if err != nil {
		return 0, nil, fmt.Errorf("storing its items: %w", err)
	}
	return changed, comments, nil
}

// feedSection returns the ID of the section that gets the items of a feed.
func feedSection(title string) string { return "feed:" + title }

// published returns the date of an item in Unix seconds, or 0.
func published(item *gofeed.Item) int64 {
	at := cmp.Or(item.PublishedParsed, item.UpdatedParsed)
	if at == nil {
		return 0
	}
	return at.Unix()
}

// knownItem is what is known about an item of a feed.
type knownItem struct {
	Key      string `db:"item"`
	Content  string `db:"content"`
	Stored   bool   `db:"stored"`
	Comments int64  `db:"comments"` // when they were read last
}

// item stores one item, unless it is as old as the feed's first poll or unchanged. present are the keys of all items in the feed. It
// returns what is known about the item now.
func (in *intake) item(f Feed, section string, item *gofeed.Item, present map[string]bool, state FeedState, first bool) (known knownItem, changed bool, err error) {
	key := itemKey(f, item)
	if key == "" {
		return knownItem{}, false, nil
	}
	known, err = in.knownItem(f, key, likenessOf(item), present)
	isNew := errors.Is(err, sql.ErrNoRows)
	if err != nil && !isNew {
		return knownItem{}, false, err
	}
	key = cmp.Or(known.Key, key)
	t, p := threadOf(item, key, section)
	content := hashOf(t.Title, t.URL, p.HTML, p.AuthorName)
	at := published(item)
	stored := known.Stored || isNew && !first && (at == 0 || at >= state.BeganAt)
	row := args{"url": f.URL, "item": key, "content": content, "likeness": likenessOf(item), "stored": 0, "seen_at": in.now.Unix()}
	if stored {
		row["stored"] = 1
	}
	changed = stored && known.Content != content
	if changed {
		if err := in.all(&Request{Threads: []Thread{t}, Posts: []Post{p}}); err != nil {
			return knownItem{}, false, err
		}
		if in.without["thread "+key] { // the site deleted it, or the section
			changed, stored, row["stored"] = false, false, 0
		}
	}
	known.Key, known.Stored = key, stored
	_, err = in.exec("put_feed_item", row)
	return known, changed, err
}

// knownItem returns what is known about an item by its key, or else about the same one under another key that the feed no longer has:
// some feeds give their items new IDs each time, and all do that when a site moves. It returns sql.ErrNoRows if there is none.
func (in *intake) knownItem(f Feed, key, likeness string, present map[string]bool) (known knownItem, err error) {
	if err = in.get("feed_item", args{"url": f.URL, "item": key}, &known); !errors.Is(err, sql.ErrNoRows) {
		return known, err
	}
	if err := in.get("feed_item_like", args{"url": f.URL, "likeness": likeness}, &known); err != nil {
		return knownItem{}, err
	}
	if present[known.Key] {
		return knownItem{}, sql.ErrNoRows
	}
	return known, nil
}

// itemKey returns the key of an item, or "" if nothing identifies it.
func itemKey(f Feed, item *gofeed.Item) string {
	id := cmp.Or(item.GUID, item.Link, item.Title)
	if id == "" {
		return ""
	}
	return hashOf(f.URL, id)
}

// likenessOf returns a hash that two items share only if they are the same one: that of the text with its date, or else its link.
func likenessOf(item *gofeed.Item) string {
	t, p := threadOf(item, "", "")
	if at := published(item); at != 0 {
		return hashOf(t.Title, p.HTML, p.AuthorName, fmt.Sprint(at))
	}
	return hashOf(t.Title, p.HTML, p.AuthorName, t.URL)
}

// threadOf makes a thread with its opening post of an item.
func threadOf(item *gofeed.Item, key, section string) (Thread, Post) {
	title := oneLine(html.UnescapeString(item.Title), maxTitle)
	author := ""
	if len(item.Authors) > 0 && item.Authors[0] != nil {
		author = oneLine(item.Authors[0].Name, maxTitle)
	}
	body := strings.ReplaceAll(cmp.Or(item.Content, item.Description), "\x00", "")
	address := usableURL(item.Link)
	t := Thread{ID: key, Section: section, Title: cmp.Or(title, address, "–"), AuthorName: author, URL: address}
	p := Post{ID: key, Thread: key, AuthorName: author, HTML: cut(body, maxBody), URL: address, fresh: true}
	if at := published(item); at > 0 {
		t.At, p.At = time.Unix(at, 0), time.Unix(at, 0)
	}
	return t, p
}

// usableURL returns an address that may be linked, or "".
func usableURL(s string) string {
	var c checker
	if c.url("", s); len(c.errs) > 0 {
		return ""
	}
	return s
}

// oneLine returns the words of a text in one line of at most limit characters.
func oneLine(s string, limit int) string {
	return cut(strings.Join(strings.Fields(strings.ReplaceAll(s, "\x00", "")), " "), limit)
}

// cut returns the first characters of a text.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	n := 0
	for i := range s {
		if n++; n > limit {
			return s[:i]
		}
	}
	return s
}

// hashOf returns an ID that belongs to these texts alone.
func hashOf(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d %s", len(t), t)
	}
	return "feed:" + hex.EncodeToString(h.Sum(nil)[:16])
}
