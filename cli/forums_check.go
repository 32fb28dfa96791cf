package cli

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/finding"
	"postrider/source"
)

func (c *cmdEnv) forumsCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Test the queries on the forum's newest posts and some members",
		Long: "Runs each query on the database in [forum] dsn, for the newest posts and some members, and checks what it returns: types,\n" +
			"NULLs, order, paging, lost rows, and the cost. Names file, line and fix of each fault. Opens one address each of a\n" +
			"section, a thread, a post and a member. FILE is a file of queries; default: [forum] queries. Reads at most 50 rows of\n" +
			"each query, and changes nothing.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			forum, err := c.forumToCheck(args)
			if err != nil {
				return err
			}
			return c.printFindings(checkQueryFile(cmd.Context(), forum, o.offline), o.asJSON)
		},
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "do not open addresses of the forum")
	return cmd
}

// forumToCheck returns the configuration of the forum. A file on the command line is relative to the working directory.
func (c *cmdEnv) forumToCheck(args []string) (source.Config, error) {
	cfg, err := c.load()
	if err != nil {
		return source.Config{}, err
	}
	forum := cfg.Forum.Config
	if len(args) > 0 {
		if forum.Queries, err = filepath.Abs(args[0]); err != nil {
			return forum, asUsage(err)
		}
	}
	return forum, nil
}

// printFindings prints findings, and returns an error if one of them fails.
func (c *cmdEnv) printFindings(all []finding.Finding, asJSON bool) error {
	if asJSON {
		if err := c.json(all); err != nil {
			return err
		}
	}
	failed := false
	for _, f := range all {
		failed = failed || f.Level == finding.LevelFail
		if !asJSON {
			c.printFinding(f)
		}
	}
	if failed {
		return errSilent
	}
	return nil
}

// checkQueryFile checks the queries of a forum, then what they return, then the addresses.
func checkQueryFile(ctx context.Context, forum source.Config, offline bool) []finding.Finding {
	db, err := source.Open(ctx, forum)
	if err != nil {
		d := diagnoseForum(err)
		return []finding.Finding{finding.Fail("forum", d.text(err), d.fix)}
	}
	defer db.Close()
	rows := checkForumRows(ctx, db, offline)
	var all []finding.Finding
	for _, f := range db.Check(ctx) {
		if !saidBy(rows, f) {
			all = append(all, f)
		}
	}
	return append(append(all, rows...), db.CheckMissing()...)
}

// saidBy reports whether the check of the rows says the same, with more detail.
func saidBy(rows []finding.Finding, f finding.Finding) bool {
	faulty := slices.ContainsFunc(rows, func(r finding.Finding) bool {
		return r.Level == finding.LevelFail && strings.HasPrefix(r.Part, "query ")
	})
	if faulty && f.Level != finding.LevelOK && slices.Contains([]string{"sections", "permissions", "members"}, f.Part) {
		return true
	}
	return slices.ContainsFunc(rows, func(r finding.Finding) bool {
		return r.Part == f.Part && strings.HasPrefix(f.Part, "query ") && r.Text == f.Text
	})
}

// checkForumRows checks the rows of a forum's queries, and the addresses that are made from them.
func checkForumRows(ctx context.Context, db *source.DB, offline bool) []finding.Finding {
	all := db.CheckRows(ctx, time.Now())
	if slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Level == finding.LevelFail }) {
		return all // the addresses come from the same rows
	}
	all = append(all, db.CheckReaders(ctx, time.Now())...)
	addresses, err := db.SampleAddresses(ctx)
	if err != nil {
		return append(all, finding.Fail("addresses", err.Error(), "correct the queries above first"))
	}
	return append(all, checkAddresses(ctx, addresses, offline))
}

// checkAddresses opens the addresses. Without a login, a forum may refuse to show a page, but it knows the address.
func checkAddresses(ctx context.Context, addresses []string, offline bool) finding.Finding {
	if len(addresses) == 0 {
		return finding.OK("addresses", "none: the forum has no posts")
	}
	text := "open these, and see whether each is the right page:\n" + strings.Join(addresses, "\n")
	if offline {
		return finding.OK("addresses", text)
	}
	client := http.Client{Timeout: 10 * time.Second}
	var dead, silent []string
	for _, address := range addresses {
		status, err := statusOf(ctx, &client, address)
		switch {
		case err != nil:
			silent = append(silent, err.Error())
		case status == http.StatusNotFound || status == http.StatusGone:
			dead = append(dead, fmt.Sprintf("%s (%d)", address, status))
		}
	}
	switch {
	case len(dead) > 0:
		return finding.Fail("addresses", "the forum has no such page:\n"+strings.Join(dead, "\n"), "correct url in [forum], and section-url, thread-url, post-url and member-url at the top of the file of queries")
	case len(silent) > 0:
		return finding.Warn("addresses", "cannot be opened: "+silent[0]+"\n"+text, "correct url in [forum], or open them in a browser")
	}
	return finding.OK("addresses", "the forum answers; "+text)
}

func statusOf(ctx context.Context, client *http.Client, address string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("User-Agent", "postrider check")
	reply, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}
