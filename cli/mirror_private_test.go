package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/mirror"
)

// pusher returns a function that sends a request to the mirror of a test.
func pusher(t *testing.T, dir string) func(at time.Time, text string) []*mirror.FieldError {
	t.Helper()
	db, err := mirror.Open(t.Context(), "sqlite:"+filepath.Join(dir, "mirror.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(at time.Time, text string) []*mirror.FieldError {
		t.Helper()
		r, err := mirror.ParseRequest([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		refused, err := db.Ingest(t.Context(), text+at.String(), r, at)
		if err != nil {
			t.Fatal(err)
		}
		return refused
	}
}

// twoReaders has a member with the group staff and one without, who watch the same.
const twoReaders = `"members":[{"id":"a","name":"Ann","email":"ann@example.org","groups":["staff"]},{"id":"b","name":"Ben","email":"ben@example.org"}],
	"watches":[{"member":"a","section":"s"},{"member":"b","section":"s"},{"member":"a","thread":"t"},{"member":"b","thread":"t"}]`

// onlyAnn reports whether Ann got email, and Ben none.
func onlyAnn(t *testing.T, mail string) {
	t.Helper()
	if !strings.Contains(mail, "ann@example.org") || strings.Contains(mail, "ben@example.org") {
		t.Errorf("only Ann must get email:\n%s", mail)
	}
}

func TestMirror_PrivatePostsReachOnlyTheirGroups(t *testing.T) {
	dir, config, _ := newTestMirror(t, "")
	push, now := pusher(t, dir), time.Now()
	push(now, `{"sections":[{"id":"s","title":"Staff","read":["staff"]}],"threads":[{"id":"t","section":"s","title":"Salaries"}],`+twoReaders+`}`)
	digestsOf(t, config, now.Add(time.Minute))
	push(now.Add(2*time.Minute), `{"posts":[{"id":"p","thread":"t","html":"<p>More for all."}]}`)
	onlyAnn(t, digestsOf(t, config, now.Add(time.Hour))) // alerts
	push(now.Add(2*time.Hour), `{"posts":[{"id":"p2","thread":"t","html":"<p>Less for all."}]}`)
	onlyAnn(t, digestsOf(t, config, now.Add(3*time.Hour))+digestsOf(t, config, now.Add(25*time.Hour)))
}

func TestMirror_QueuedEmailIsHeldBackWhenItsSectionBecomesPrivate(t *testing.T) {
	for _, tt := range []struct {
		queued       string // the beginning of its key
		after, until time.Duration
	}{{`"alert/2/`, time.Hour, time.Minute}, {`"digest/2/`, 25 * time.Hour, time.Hour}} {
		t.Run(tt.queued, func(t *testing.T) {
			dir, config, _ := newTestMirror(t, "")
			push, now := pusher(t, dir), time.Now()
			push(now, `{"sections":[{"id":"s","title":"News"}],"threads":[{"id":"t","section":"s","title":"Bridge"}],`+twoReaders+`}`)
			digestsOf(t, config, now.Add(time.Minute))
			mustRun(t, "queue", "pause", "-c", config)
			push(now.Add(2*time.Minute), `{"posts":[{"id":"p","thread":"t","html":"<p>Open."}]}`)
			if mail := digestsOf(t, config, now.Add(tt.after)); mail != "" {
				t.Fatalf("sent while paused:\n%s", mail)
			}
			if queue := mustRun(t, "queue", "list", "--json", "-c", config); !strings.Contains(queue, tt.queued) {
				t.Fatalf("Ben's is not in the queue:\n%s", queue)
			}
			push(now.Add(tt.after), `{"sections":[{"id":"s","title":"News","read":["staff"]}]}`)
			mustRun(t, "queue", "resume", "-c", config)
			onlyAnn(t, digestsOf(t, config, now.Add(tt.after+tt.until)))
		})
	}
}
