package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/demo"
	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

const (
	kills       = 10
	crowd       = 400 // members besides the story's own
	connections = 8   // the default
	unsettled   = 50  // settlements that the ledger holds at most
)

// TestKilledAtAnyMomentEveryMemberHasEachPostOnce kills the daemon ten times in the middle of a round and
// starts it again. A round that nobody disturbed tells what each member must have.
func TestKilledAtAnyMomentEveryMemberHasEachPostOnce(t *testing.T) {
	binary := build(t)
	now := time.Now().Truncate(time.Second)
	forum := crowdedForum(t, now)
	for name, store := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "postrider.db") },
		"postgres": func(t *testing.T) string { return servertest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			want := undisturbed(t, binary, forum, store(t), now)
			relay := smtptest.New(t)
			config := writeConfig(t, t.TempDir(), "sample", forum, store(t), relay.URL())
			dice := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
			for range kills {
				killAt(t, daemon(binary, config, now), relay, dice.IntN(crowd/kills))
			}
			finish(t, daemon(binary, config, now))
			got, copies := received(t, relay.Messages())
			compare(t, got, want)
			extra := 0
			for _, n := range copies {
				extra += n - 1
			}
			t.Logf("%d members, %d kills, %d mails repeated", len(got), kills, extra)
			if most := kills * (connections + unsettled); extra > most {
				t.Errorf("%d mails were repeated, want at most %d: those in flight at %d kills", extra, most, kills)
			}
			before := len(relay.Messages())
			finish(t, daemon(binary, config, now))
			if after := len(relay.Messages()); after != before {
				t.Errorf("a round with nothing new sent %d mails", after-before)
			}
		})
	}
}

// killAt kills a round at work, once so many more mails have arrived.
func killAt(t *testing.T, cmd *exec.Cmd, relay *smtptest.Server, more int) {
	t.Helper()
	start := len(relay.Messages())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			t.Fatalf("the round ended after %d mails, before it was killed: %v\n%s", len(relay.Messages())-start, err, cmd.Stderr)
		case <-time.After(time.Millisecond):
		}
		if len(relay.Messages()) >= start+more {
			cmd.Process.Kill()
			<-done
			return
		}
	}
}

func finish(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Run(); err != nil {
		t.Fatalf("run: %v\n%s", err, cmd.Stderr)
	}
}

func daemon(binary, config string, now time.Time) *exec.Cmd {
	cmd := exec.Command(binary, "run", "-c", config, "--once", "--now", now.Format(time.RFC3339))
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

// undisturbed is what each member gets from a round that runs to its end.
func undisturbed(t *testing.T, binary, forum, store string, now time.Time) map[string][]string {
	t.Helper()
	relay := smtptest.New(t)
	finish(t, daemon(binary, writeConfig(t, t.TempDir(), "sample", forum, store, relay.URL()), now))
	want, copies := received(t, relay.Messages())
	if len(want) < crowd || len(copies) != len(want) {
		t.Fatalf("an undisturbed round mailed %d members %d mails, want one for each of more than %d", len(want), len(copies), crowd)
	}
	return want
}

func compare(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for member, posts := range want {
		if !slices.Equal(got[member], posts) {
			t.Errorf("%s has posts %v, want %v", member, got[member], posts)
		}
	}
	for member := range maps.Keys(got) {
		if _, wanted := want[member]; !wanted {
			t.Errorf("%s was mailed, and should not be", member)
		}
	}
}

// received lists the posts that each member got in all his mails but exact copies, a post as often as it came.
func received(t *testing.T, messages []smtptest.Message) (posts map[string][]string, copies map[string]int) {
	t.Helper()
	posts, copies = map[string][]string{}, map[string]int{}
	for _, m := range messages {
		head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		id := head.Header.Get("Message-ID")
		if copies[id]++; copies[id] > 1 {
			continue
		}
		member := head.Header.Get("To")
		posts[member] = append(posts[member], postsIn(t, head)...)
	}
	for _, p := range posts {
		slices.Sort(p)
	}
	return posts, copies
}

var postLink = regexp.MustCompile(`/posts/\d+/`)

// postsIn lists the posts whose links stand in the text of a mail, each once.
func postsIn(t *testing.T, m *netmail.Message) []string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	posts := postLink.FindAllString(string(text), -1)
	if len(posts) == 0 {
		t.Fatalf("a mail without posts:\n%s", text)
	}
	slices.Sort(posts)
	return slices.Compact(posts)
}

// crowdedForum is the sample forum with a crowd of members who watch every section.
func crowdedForum(t *testing.T, now time.Time) (dsn string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, now); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range crowd {
		id := 1000 + i
		_, err := db.ExecContext(t.Context(), `INSERT INTO member SELECT ?, ?, ?, 'UTC', 'en', role_id, '', joined_at, 'active', 1 FROM member WHERE state = 'active' AND role_id = 2 LIMIT 1`,
			id, fmt.Sprintf("Crowd %d", i), fmt.Sprintf("crowd%d@example.org", i))
		if err == nil {
			_, err = db.ExecContext(t.Context(), `INSERT INTO section_watch SELECT ?, id, 'posts', 1 FROM section WHERE id % 12 <= ?`, id, i%12)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return "sqlite:" + path
}

// build builds the program as it is shipped.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postrider")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "postrider")
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.ReplaceAll(os.Getenv("GOFLAGS"), "-race", ""))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
