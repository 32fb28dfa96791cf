package digest

import (
	"slices"
	"strings"

	"postrider/forum"
	"postrider/markup"
)

// IgnoredAuthors are the members that one reader ignores. Quotes of them are folded, too.
type IgnoredAuthors struct {
	Members map[forum.MemberID]bool
	Names   map[string]bool                 // their names in lower case
	Authors map[forum.PostID]forum.MemberID // of quoted posts; shared by all readers
}

// quoted reports whether a quote has an ignored author: by the ID of the member, by the author of the quoted post, or by
// the name, which is all that some quotes have.
func (x *IgnoredAuthors) quoted(q markup.Quote) bool {
	return x.Members[forum.MemberID(q.Member)] || x.Members[x.Authors[forum.PostID(q.Post)]] || x.Names[strings.ToLower(q.Author)]
}

// FoldQuotes marks the quotes of ignored authors, and their likes, in all posts of a digest or an alert.
func (d *Digest) FoldQuotes(x IgnoredAuthors) {
	d.eachPost(func(p *Post) {
		for _, name := range p.Content.Likes {
			if x.Names[strings.ToLower(name)] {
				p.HiddenLikes = append(p.HiddenLikes, name)
			}
		}
		for _, q := range p.Content.Body.Quotes() {
			if x.quoted(q) {
				p.Folded = append(p.Folded, q)
			}
		}
	})
}

// HideStarters marks the threads that an ignored member started.
func (d *Digest) HideStarters(ignores map[forum.MemberID]bool) {
	for _, g := range d.Groups {
		for i := range g.Threads {
			t := &g.Threads[i]
			t.HideStarter = t.Starter != forum.Guest && ignores[t.Starter]
		}
	}
}

// QuotedPosts returns the posts that the posts of a digest or an alert quote by ID.
func (d *Digest) QuotedPosts() []forum.PostID {
	var ids []forum.PostID
	d.eachPost(func(p *Post) {
		for _, q := range p.Content.Body.Quotes() {
			if q.Post != 0 {
				ids = append(ids, forum.PostID(q.Post))
			}
		}
	})
	return ids
}

// NamesOthers reports whether any post quotes somebody or names members who like it.
func (d *Digest) NamesOthers() bool {
	found := false
	d.eachPost(func(p *Post) { found = found || len(p.Content.Likes) > 0 || len(p.Content.Body.Quotes()) > 0 })
	return found
}

// eachPost visits every post with content, including the context of an alert.
func (d *Digest) eachPost(visit func(*Post)) {
	each := func(p *Post) {
		if p.Content != nil {
			visit(p)
		}
	}
	for _, g := range d.Groups {
		for i := range g.Threads {
			t := &g.Threads[i]
			for j := range t.Posts {
				each(&t.Posts[j])
				if q := t.Posts[j].Quoted; q != nil {
					each(q)
				}
			}
			for j := range t.Earlier {
				each(&t.Earlier[j])
			}
		}
	}
}

// Likes returns the names of members who like a post, without those that its reader ignores. They still count.
func (p *Post) Likes() []string {
	if len(p.HiddenLikes) == 0 {
		return p.Content.Likes
	}
	return slices.DeleteFunc(slices.Clone(p.Content.Likes), func(name string) bool { return slices.Contains(p.HiddenLikes, name) })
}

// Body returns the text of a post for its reader.
func (p *Post) Body() markup.Doc {
	if len(p.Folded) == 0 {
		return p.Content.Body
	}
	return p.Content.Body.FoldQuotes(func(q markup.Quote) bool {
		for _, folded := range p.Folded {
			if q == folded {
				return true
			}
		}
		return false
	})
}
