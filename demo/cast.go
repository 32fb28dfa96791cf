package demo

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// cast assigns IDs to everything in the story. The IDs depend only on the story, so they are the same when the file is
// opened later.
type cast struct {
	*story
	sections map[string]*numbered[section]
	members  map[string]*numbered[member]
	threads  map[string]*numbered[thread]
	posts    map[string]*placedPost
	order    []*placedPost // the posts by age
}

type numbered[T any] struct {
	id int64
	of *T
}

// placedPost is a post of the story in its thread.
type placedPost struct {
	id     int64
	number int // in its thread, from 1
	thread *numbered[thread]
	author *numbered[member] // nil: a guest
	post
}

func (t *placedPost) authorID() int64 {
	if t.author == nil {
		return 0
	}
	return t.author.id
}

func (t *placedPost) authorName() string {
	if t.author == nil {
		return t.Guest
	}
	return t.author.of.Name
}

// readCast reads the story and numbers it.
func readCast() (*cast, error) {
	s, err := readStory()
	if err != nil {
		return nil, err
	}
	c := &cast{
		story:    s,
		sections: make(map[string]*numbered[section]),
		members:  make(map[string]*numbered[member]),
		threads:  make(map[string]*numbered[thread]),
		posts:    make(map[string]*placedPost),
	}
	for i := range s.Categories {
		for j := range s.Categories[i].Sections {
			of := &s.Categories[i].Sections[j]
			c.sections[of.Key] = &numbered[section]{int64(len(c.sections) + 1), of}
		}
	}
	for i := range s.Members {
		c.members[s.Members[i].Key] = &numbered[member]{int64(i + 1), &s.Members[i]}
	}
	if err := c.numberThreads(); err != nil {
		return nil, err
	}
	return c, c.numberPosts()
}

func (c *cast) numberThreads() error {
	slices.SortStableFunc(c.story.Threads, func(a, b thread) int {
		return cmp.Compare(b.Posts[0].Ago, a.Posts[0].Ago)
	})
	for i := range c.story.Threads {
		t := &c.story.Threads[i]
		if c.sections[t.Section] == nil {
			return fmt.Errorf("thread %q: no section %q", t.Key, t.Section)
		}
		if c.threads[t.Key] != nil {
			return fmt.Errorf("two threads %q", t.Key)
		}
		c.threads[t.Key] = &numbered[thread]{int64(i + 1), t}
	}
	return nil
}

func (c *cast) numberPosts() error {
	for i := range c.story.Threads {
		t := c.threads[c.story.Threads[i].Key]
		for n, p := range t.of.Posts {
			author := c.members[p.By]
			if author == nil && p.Guest == "" {
				return fmt.Errorf("post %s.%d: unknown member %q", t.of.Key, n+1, p.By)
			}
			one := &placedPost{number: n + 1, thread: t, author: author, post: p}
			c.posts[t.of.Key+"."+strconv.Itoa(n+1)] = one
			c.order = append(c.order, one)
		}
	}
	slices.SortStableFunc(c.order, func(a, b *placedPost) int { return cmp.Compare(b.Ago, a.Ago) })
	for i, p := range c.order {
		p.id = int64(i + 1)
	}
	return nil
}

// reference is how the story refers to a post, a member or a thread by key:
// [QUOTE=^owl.2], {@kate}, {post:owl.2}, {thread:owl}.
var reference = regexp.MustCompile(`\[QUOTE=\^([a-z0-9]+\.[0-9]+)\]|\{@([a-z0-9]+)\}|\{post:([a-z0-9]+\.[0-9]+)\}|\{thread:([a-z0-9]+)\}`)

// body returns a text with every reference resolved.
func (c *cast) body(text string) (string, error) {
	var unknown []string
	text = reference.ReplaceAllStringFunc(strings.TrimSpace(text), func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		quoted, named, linked, topic := c.posts[m[1]], c.members[m[2]], c.posts[m[3]], c.threads[m[4]]
		switch {
		case quoted != nil:
			return fmt.Sprintf(`[QUOTE="%s, post: %d, member: %d"]`, quoted.authorName(), quoted.id, quoted.authorID())
		case named != nil:
			return fmt.Sprintf(`[USER=%d]@%s[/USER]`, named.id, named.of.Name)
		case linked != nil:
			return fmt.Sprintf(`%s/posts/%d/`, URL, linked.id)
		case topic != nil:
			return fmt.Sprintf(`%s/threads/%d/`, URL, topic.id)
		}
		unknown = append(unknown, ref)
		return ref
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("unknown reference %s", strings.Join(unknown, ", "))
	}
	return text, nil
}

// canRead reports whether a member may read a thread in a section, by the ID of the thread's starter.
func (c *cast) canRead(reader *numbered[member], in *section, starter int64) bool {
	active := reader.of.State == ""
	steward := active && reader.of.Steward
	switch {
	case in.Private:
		return steward
	case in.Own:
		return steward || active && reader.id == starter
	case in.Indoors:
		return active
	}
	return true
}
