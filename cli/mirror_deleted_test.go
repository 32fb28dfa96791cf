package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/mirror"
	"postrider/store"
)

func TestMirror_DeletedMemberStaysUnsubscribed(t *testing.T) {
	dir, config, _ := newTestMirror(t, "")
	now := time.Now()
	db, err := mirror.Open(t.Context(), "sqlite:"+filepath.Join(dir, "mirror.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	push := func(at time.Time, text string) {
		t.Helper()
		r, err := mirror.ParseRequest([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if refused, err := db.Ingest(t.Context(), text+at.String(), r, at); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	}
	const members = `"members":[{"id":"a","name":"Ann","email":"ann@example.org"},{"id":"b","name":"Ben","email":"ben@example.org"}],
		"watches":[{"member":"a","section":"s"},{"member":"b","section":"s"}]`
	push(now, `{"sections":[{"id":"s","title":"News"}],`+members+`}`)
	digestsOf(t, config, now.Add(time.Minute))

	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, kind := range []string{store.KindDigest, store.KindAlert} {
		if err := s.Preferences.UnsubscribeKind(t.Context(), now.Add(time.Minute), forum.MemberID(2), kind); err != nil {
			t.Fatal(err)
		}
	}
	push(now.Add(2*time.Minute), `{"deletions":[{"member":"a"},{"member":"b"}]}`)
	digestsOf(t, config, now.Add(3*time.Minute))
	again := now.Add(4 * time.Minute)
	push(again, `{"as_of":"`+again.UTC().Format(time.RFC3339)+`",`+members+`}`)
	digestsOf(t, config, now.Add(5*time.Minute))
	push(now.Add(6*time.Minute), `{"threads":[{"id":"t","section":"s","title":"Bridge"}],"posts":[{"id":"p","thread":"t","html":"<p>Open."}]}`)
	mail := digestsOf(t, config, now.Add(time.Hour)) + digestsOf(t, config, now.Add(25*time.Hour))
	if !strings.Contains(mail, "ann@example.org") || strings.Contains(mail, "ben@example.org") {
		t.Errorf("only Ann must get email:\n%s", mail)
	}
}
