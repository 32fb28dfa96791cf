package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// oldStore is a sample forum whose store sent the messages of one day.
type oldStore struct {
	testForum
	*testing.T
	mails string
}

// runAt runs one round at a time and returns how many messages it wrote.
func (o oldStore) runAt(at time.Time, wantCode int, flags ...string) (messages int, report string) {
	o.Helper()
	before := len(o.messages())
	args := append([]string{"run", "--once", "--now", at.Format(time.RFC3339), "--mail-dir", o.mails, "-c", o.config}, flags...)
	out, errOut, code := run(o.T, args...)
	if code != wantCode {
		o.Fatalf("run exits with %d, want %d:\n%s%s", code, wantCode, out, errOut)
	}
	return len(o.messages()) - before, out + errOut
}

func (o oldStore) messages() []string {
	list, err := filepath.Glob(filepath.Join(o.mails, "*.eml"))
	if err != nil {
		o.Fatal(err)
	}
	return list
}

func (o oldStore) path() string { return filepath.Join(o.dir, "postrider.db") }

// replace puts a file in the place of the store.
func (o oldStore) replace(by string) {
	o.Helper()
	text, err := os.ReadFile(by)
	if err != nil {
		o.Fatal(err)
	}
	os.Remove(o.path() + "-wal")
	os.Remove(o.path() + "-shm")
	if err := os.WriteFile(o.path(), text, 0o600); err != nil {
		o.Fatal(err)
	}
}

// today is when the digests of the sample forum's members are due.
var today = now.Truncate(24 * time.Hour).Add(9 * time.Hour)

func newOldStore(t *testing.T) oldStore {
	p := newTestForum(t)
	return oldStore{p, t, filepath.Join(p.dir, "mails")}
}

// restoreWays are ways in which an old store gets back into its place: by backup, by a copy of the file in the same place, and by a
// copy of the file to a place without the lock file.
var restoreWays = map[string]func(o oldStore, copied string){
	"backup": func(o oldStore, copied string) { mustRun(o.T, "backup", copied, "-c", o.config) },
	"bare copy": func(o oldStore, copied string) {
		text, err := os.ReadFile(o.path())
		if err == nil {
			err = os.WriteFile(copied, text, 0o600)
		}
		if err != nil {
			o.Fatal(err)
		}
	},
}

func TestRestoredStore_SendsNothingTwice(t *testing.T) {
	for name, copyStore := range restoreWays {
		for _, moved := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " elsewhere"}[moved], func(t *testing.T) {
				o := newOldStore(t)
				copied := filepath.Join(o.dir, "copy.db")
				o.runAt(today.AddDate(0, 0, -1), 0)
				copyStore(o, copied)
				if sent, _ := o.runAt(today, 0); sent < 5 {
					t.Fatalf("%d messages were sent after the copy was made", sent)
				}
				o.replace(copied)
				if moved {
					os.Remove(o.path() + ".lock")
				}
				for range 2 { // also after a restart
					sent, report := o.runAt(today.Add(time.Minute), 1)
					if sent != 0 || !strings.Contains(report, "postrider restored skip") {
						t.Fatalf("%d messages are sent before anyone decided:\n%s", sent, report)
					}
				}
				if _, errOut, code := run(t, "queue", "resume", "-c", o.config); code != 1 || !strings.Contains(errOut, "restored skip") {
					t.Errorf("queue resume exits with %d: %s", code, errOut)
				}
				mustRun(t, "restored", "skip", "-c", o.config)
				if sent, _ := o.runAt(today.Add(2*time.Minute), 0); sent != 0 {
					t.Errorf("%d messages are sent a second time", sent)
				}
				if sent, report := o.runAt(today.Add(3*time.Minute), 0); sent != 0 || strings.Contains(report, "old copy") {
					t.Errorf("later %d messages are sent:\n%s", sent, report)
				}
				if _, errOut, code := run(t, "restored", "skip", "-c", o.config); code != 1 || !strings.Contains(errOut, "nothing to decide") {
					t.Errorf("a second decision exits with %d: %s", code, errOut)
				}
			})
		}
	}
}

func TestRestoredStore_SendsAgainIfAsked(t *testing.T) {
	o := newOldStore(t)
	copied := filepath.Join(o.dir, "copy.db")
	o.runAt(today.AddDate(0, 0, -1), 0)
	mustRun(t, "backup", copied, "-c", o.config)
	first, _ := o.runAt(today, 0)
	sent := messageIDs(t, o.messages())
	o.replace(copied)
	if err := os.RemoveAll(o.mails); err != nil {
		t.Fatal(err)
	}
	if again, _ := o.runAt(today.Add(time.Minute), 0, "--restored", "send"); again != first {
		t.Errorf("%d messages are sent again, want %d", again, first)
	}
	for id := range messageIDs(t, o.messages()) {
		if !sent[id] {
			t.Errorf("%s is not the Message-ID of an earlier message", id)
		}
	}
}

// messageIDs returns the Message-IDs of files.
func messageIDs(t *testing.T, files []string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			if id, found := strings.CutPrefix(line, "Message-ID: "); found {
				ids[id] = true
			}
		}
	}
	return ids
}

func TestRun_AfterAnOutageIsNotHeld(t *testing.T) {
	o := newOldStore(t)
	o.runAt(today.AddDate(0, 0, -1), 0)
	if sent, _ := o.runAt(today, 0); sent < 5 {
		t.Errorf("%d messages are sent after a day without a daemon", sent)
	}
}

func TestBackup_RefusesToOverwriteAndNamesPgDump(t *testing.T) {
	o := newOldStore(t)
	o.runAt(today, 0)
	copied := filepath.Join(o.dir, "copy.db")
	mustRun(t, "backup", copied, "-c", o.config)
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info, err)
	}
	if _, errOut, code := run(t, "backup", copied, "-c", o.config); code != 1 || !strings.Contains(errOut, "exists") {
		t.Errorf("a second backup to the same file exits with %d: %s", code, errOut)
	}
	if left, _ := filepath.Glob(filepath.Join(o.dir, ".postrider-backup-*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	if _, errOut, code := run(t, "restored", "perhaps", "-c", o.config); code != 2 || !strings.Contains(errOut, "skip or send") {
		t.Errorf("restored perhaps exits with %d: %s", code, errOut)
	}
	if got := withoutPassword("postgres://postrider:secret@db/forum"); got != "postgres://postrider@db/forum" {
		t.Errorf("the command has %s", got)
	}
}
