package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/templates"
)

func (c *cmdEnv) explain() *cobra.Command {
	var posts []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain MEMBER [--post ID...]",
		Short: "Show what a member got or did not get, and why; nothing is sent",
		Long: "Shows why a member (ID or name) does or does not get email: blockers, the next digest, and every message of the\n" +
			"last 30 days with the relay's reply. With --post, shows for each post when it was sighted, the result of each\n" +
			"rule, and which message included it, will include it, or left it out.\n\n" +
			"Post text is not stored. Past messages are re-evaluated using current permissions, watches and post status.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one member, by ID or name: postrider explain 42 --post 4711, or postrider explain \"Jane Doe\"")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := postIDs(posts)
			if err != nil {
				return err
			}
			return c.explainTo(cmd.Context(), args[0], ids, asJSON)
		},
	}
	cmd.Flags().StringSliceVar(&posts, "post", nil, "`ID` of a post; may be repeated")
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

func postIDs(texts []string) ([]forum.PostID, error) {
	var ids []forum.PostID
	for _, text := range texts {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return nil, usagef("invalid --post %q: must be the ID of a post, as in its link", text)
		}
		ids = append(ids, forum.PostID(id))
	}
	return ids, nil
}

func (c *cmdEnv) explainTo(ctx context.Context, who string, posts []forum.PostID, asJSON bool) error {
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
	if len(posts) == 0 {
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
