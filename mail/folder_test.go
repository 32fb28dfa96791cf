package mail

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func folder(t *testing.T, dir string) *DirSender {
	t.Helper()
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFolder_KeepsTheBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "mail")
	raw := mustCompose(t, sample())
	if o := folder(t, dir).Send(t.Context(), sender, "joerg@müller.example", raw); o.Result != Accepted || o.At.IsZero() {
		t.Fatalf("Send = %v, want accepted", o)
	}
	want := []string{"20260504T050000Z-joerg-m-ller.example-wqj2dpnnx3k3fphlq7cgz2qq.eml"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Fatalf("the folder contains %q, want %q", got, want)
	}
	got, err := os.ReadFile(filepath.Join(dir, want[0]))
	if err != nil || !bytes.Equal(got, raw) {
		t.Errorf("the file contains\n%s (%v), want\n%s", got, err, raw)
	}
}

func TestFolder_ReplacesOnlyTheSameMessage(t *testing.T) {
	dir := t.TempDir()
	f := folder(t, dir)
	m, other := sample(), sample()
	other.Key = "digest/43/2026-05-04" // to the same recipient in the same second
	for _, m := range []Message{m, other} {
		if o := f.Send(t.Context(), sender, recipient, mustCompose(t, m)); o.Result != Accepted {
			t.Fatalf("Send = %v, want accepted", o)
		}
	}
	before := files(t, dir)
	if len(before) != 2 {
		t.Fatalf("the folder contains %q, want two files", before)
	}
	m.Subject, m.Date = "A second try", m.Date.Add(time.Hour)
	for _, f := range []*DirSender{f, folder(t, dir)} { // also after a restart
		if o := f.Send(t.Context(), sender, recipient, mustCompose(t, m)); o.Result != Accepted {
			t.Fatalf("Send = %v, want accepted", o)
		}
		if got := files(t, dir); !slices.Equal(got, before) {
			t.Errorf("the folder contains %q, want %q", got, before)
		}
	}
	second := 0
	for _, name := range before {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("A second try")) {
			second++
		}
	}
	if second != 1 {
		t.Errorf("%d files contain the second try, want 1", second)
	}
}

func TestFolder_PreventsPathTraversal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	f := folder(t, dir)
	for _, to := range []string{"../../../etc/passwd", "a/b@c", "..", "", strings.Repeat("x", 4000), "a\x00b", "con@example.org"} {
		m := sample()
		m.Key = "to " + to
		if o := f.Send(t.Context(), sender, to, mustCompose(t, m)); o.Result != Accepted {
			t.Errorf("Send to %.20q = %v, want accepted", to, o)
		}
	}
	if got := files(t, dir); len(got) != 7 {
		t.Errorf("the folder contains %q, want 7 files", got)
	}
	if got := files(t, filepath.Dir(dir)); len(got) != 1 {
		t.Errorf("outside the folder there is %q", got)
	}
}

func TestFolder_WritesConcurrently(t *testing.T) {
	dir := t.TempDir()
	f := folder(t, dir)
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			for j := range 20 {
				m := sample()
				m.Key = string(rune('a'+i)) + "/" + string(rune('a'+j))
				if o := f.Send(t.Context(), sender, recipient, mustCompose(t, m)); o.Result != Accepted {
					t.Errorf("Send = %v, want accepted", o)
				}
			}
		})
	}
	senders.Wait()
	if got := len(files(t, dir)); got != 160 {
		t.Errorf("the folder contains %d files, want 160", got)
	}
}

func TestFolder_RejectsUnsendable(t *testing.T) {
	dir := t.TempDir()
	f := folder(t, dir)
	good := string(mustCompose(t, sample()))
	for name, raw := range map[string]string{
		"a lone LF":     strings.ReplaceAll(good, "\r\n", "\n"),
		"no Message-ID": strings.Replace(good, "\r\nMessage-ID:", "\r\nX-ID:", 1),
		"no Date":       strings.Replace(good, "Date:", "X-Date:", 1),
	} {
		if o := f.Send(t.Context(), sender, recipient, []byte(raw)); o.Result != NotSent || o.Err == nil {
			t.Errorf("%s: Send = %v, want not sent", name, o)
		}
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("the folder contains %q, want nothing", got)
	}
}
