package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon"
	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/store"
	"postrider/templates"
)

func (c *cmdEnv) explain() *cobra.Command {
	var posts []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain MEMBER [--post ID|LINK...]",
		Short: "Show what a member got or did not get, and why; nothing is sent",
		Long: "Shows why a member (ID or name) does or does not get email: blockers, the next digest, and every message of the\n" +
			"last 30 days with the relay's reply. With --post, shows for each post when it was sighted, the result of each\n" +
			"rule, and which message included it, will include it, or left it out. A post is given by its ID or its link;\n" +
			"the link or the ID of a thread (T66) stands for the thread's newest posts.\n\n" +
			"Post text is not stored. Past messages are re-evaluated using current permissions, watches and post status.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one member, by ID or name: postrider explain 42 --post 4711, or postrider explain \"Jane Doe\"")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, err := postReferences(posts)
			if err != nil {
				return err
			}
			return c.explainTo(cmd.Context(), args[0], asked, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&posts, "post", nil, "`ID` or link of a post, or link of a thread; may be repeated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// outputLocale is the language of the commands.
const outputLocale = "en"

// phraser returns the text of a phrase in the language of the commands.
type phraser func(digest.Phrase) string

// each returns the texts of reasons. The list is never nil, so that it is not null in JSON.
func (say phraser) each(reasons []digest.Reason) []string {
	texts := make([]string, 0, len(reasons))
	for _, r := range reasons {
		texts = append(texts, say(r.Phrase()))
	}
	return texts
}

// phraser returns the phrases of the configured locales.
func (c *cmdEnv) phraser() (phraser, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	set, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return nil, err
	}
	return newPhraser(set), nil
}

// stored returns the text of a reason from the store.
func (say phraser) stored(reason string) string { return say(digest.Reason(reason).Phrase()) }

// translate replaces the stored reasons of messages with their texts.
func (say phraser) translate(list []store.Message) {
	for i := range list {
		list[i].Last.Reason = say.stored(list[i].Last.Reason)
	}
}

// translateOutcomes replaces the stored reasons of attempts with their texts.
func (say phraser) translateOutcomes(list []store.Outcome) {
	for i := range list {
		list[i].Reason = say.stored(list[i].Reason)
	}
}

// phraser returns the phrases of the app's locales.
func (a *app) phraser() phraser { return newPhraser(a.set) }

func newPhraser(set *templates.Set) phraser {
	return func(p digest.Phrase) string { return set.Reason(outputLocale, p) }
}

// postReferences reads the values of --post.
func postReferences(texts []string) ([]explain.Reference, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	list, err := explain.ParseReferences(strings.Join(texts, " "), explain.MaxCommandPosts)
	if err != nil {
		return nil, usagef("--post: %w", err)
	}
	return list, nil
}

func (c *cmdEnv) explainTo(ctx context.Context, who string, asked []explain.Reference, asJSON bool) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	a, err := c.openReadOnly(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.close()
	reason := a.phraser()
	e := daemon.NewExplainer(daemon.Deps{Forum: a.forum, Store: a.store, Renderer: a.renderer, Links: a.links}, a.settings())
	if len(asked) == 0 {
		story, err := e.Member(ctx, time.Now(), who)
		reason.translate(story.Messages)
		reason.translateOutcomes(story.Attempts)
		switch {
		case err != nil:
			return err
		case asJSON:
			return c.json(newMemberExplanationJSON(story, reason))
		}
		return c.printMemberExplanation(story, reason)
	}
	posts, err := e.FindPosts(ctx, asked, explain.MaxCommandPosts)
	if err != nil {
		return fmt.Errorf("--post: %w", err)
	}
	member, stories, err := e.Posts(ctx, time.Now(), who, posts)
	for i := range stories {
		reason.translate(stories[i].Messages)
	}
	switch {
	case err != nil:
		return err
	case asJSON:
		return c.json(newPostExplanationsJSON(member, stories, reason))
	}
	return c.printPostExplanations(member, stories, reason)
}
