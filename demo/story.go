// Package demo provides a forum to try Postrider with: the Upper Berth, for people who love night trains, and an inbox that
// shows the emails of its members.
//
// [Create] writes the forum as a SQLite file, [ActivityGenerator] adds new posts, and [Inbox] accepts messages by SMTP and
// shows them in a browser. Nothing leaves the machine.
//
// The members and posts are in story/*.toml, the tables in schema.sql.
package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/BurntSushi/toml"
)

// Name, URL and sender of the sample forum.
const (
	Name = "The Upper Berth"
	URL  = "https://upperberth.example"
	From = Name + " <digest@upperberth.example>"
)

//go:embed story/*.toml
var storyFiles embed.FS

// story is the content of the forum, and the posts to come. Members, sections, threads and posts have keys: "kate",
// "tonight", "owl", "owl.2" (the second post of the thread "owl").
type story struct {
	Categories []category `toml:"category"`
	Members    []member   `toml:"member"`
	Threads    []thread   `toml:"thread"`
	Next       []nextPost `toml:"next"`
	Chatter    chatter    `toml:"chatter"`
}

type category struct {
	Title    string    `toml:"title"`
	Sections []section `toml:"section"`
}

type section struct {
	Key     string `toml:"key"`
	Title   string `toml:"title"`
	About   string `toml:"about"`
	Private bool   `toml:"private"` // stewards only
	Indoors bool   `toml:"indoors"` // members only
	Own     bool   `toml:"own"`     // members see the threads that they started
}

type member struct {
	Key     string   `toml:"key"`
	Name    string   `toml:"name"`
	Email   string   `toml:"email"` // the part before the @
	Zone    string   `toml:"zone"`
	Locale  string   `toml:"locale"`
	Steward bool     `toml:"steward"`
	Title   string   `toml:"title"`
	Badges  []string `toml:"badges"`
	Years   int      `toml:"years"`
	State   string   `toml:"state"`
	NoMail  bool     `toml:"nomail"`
	Posts   []string `toml:"posts"`   // sections watched for every post
	Threads []string `toml:"threads"` // sections watched for new threads
	Ignores []string `toml:"ignores"`
}

type thread struct {
	Key       string `toml:"key"`
	Section   string `toml:"section"`
	Title     string `toml:"title"`
	State     string `toml:"state"`
	MovedFrom string `toml:"moved_from"` // a section that still has a redirect
	Posts     []post `toml:"posts"`
}

type post struct {
	By     string        `toml:"by"`
	Guest  string        `toml:"guest"` // the name of a writer without an account
	Ago    time.Duration `toml:"ago"`
	Edited time.Duration `toml:"edited"` // ago
	State  string        `toml:"state"`
	Likes  []string      `toml:"likes"`
	Body   string        `toml:"body"`
}

// nextPost is a post written while the demo runs: a reply or a new thread.
type nextPost struct {
	Thread  string `toml:"thread"`
	Section string `toml:"section"` // set for a new thread, with its title
	Title   string `toml:"title"`
	By      string `toml:"by"`
	Body    string `toml:"body"`
}

// chatter has texts for posts after the end of the story. {clock} is the time of day.
type chatter struct {
	En     []string `toml:"en"`
	De     []string `toml:"de"`
	Titles []string `toml:"titles"` // of new threads
	Edits  []string `toml:"edits"`  // what is added to a post
}

// readStory reads the embedded story. Every file adds to it; one has the chatter.
func readStory() (*story, error) {
	names, err := fs.Glob(storyFiles, "story/*.toml")
	if err != nil {
		return nil, fmt.Errorf("listing the story: %w", err)
	}
	var all story
	for _, name := range names {
		var part story
		meta, err := toml.DecodeFS(storyFiles, name, &part)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return nil, fmt.Errorf("reading %s: unknown key %s", name, unknown[0])
		}
		all.Categories = append(all.Categories, part.Categories...)
		all.Members = append(all.Members, part.Members...)
		all.Threads = append(all.Threads, part.Threads...)
		all.Next = append(all.Next, part.Next...)
		if len(part.Chatter.En) > 0 {
			all.Chatter = part.Chatter
		}
	}
	return &all, nil
}
