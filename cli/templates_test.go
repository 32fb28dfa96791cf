package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/templates"
)

func TestTemplates_ExportsEveryFileOnce(t *testing.T) {
	dir := t.TempDir()
	names := templates.Shipped()
	out := mustRun(t, append([]string{"templates", "export", "--dir", dir}, names...)...)
	if got := strings.Count(out, dir); got != len(names) || got < 50 {
		t.Errorf("it names %d files, and %d are shipped:\n%s", got, len(names), out)
	}
	if _, err := templates.Load(dir); err != nil {
		t.Errorf("the exported files do not load: %v", err)
	}

	own := filepath.Join(dir, "mail", "alert.html")
	if err := os.WriteFile(own, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := run(t, "templates", "export", "mail/alert.html", "--dir", dir); code != 1 || !strings.Contains(errOut, own+" exists already") {
		t.Errorf("exit %d, %q: want an error that names the file", code, errOut)
	}
	if kept, err := os.ReadFile(own); err != nil || string(kept) != "mine" {
		t.Errorf("the file of the owner has %q, %v", kept, err)
	}
}

func TestTemplates_RefusesOtherNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mail/none.html", "../../etc/passwd", "mail", "/etc/passwd"} {
		if _, errOut, code := run(t, "templates", "export", "mail/alert.html", name, "--dir", dir); code != 2 || !strings.Contains(errOut, "\n  mail/alert.html\n") {
			t.Errorf("%s: exit %d, %q: want the list of names", name, code, errOut)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it wrote %v, %v", left, err)
	}
	p := newTestForum(t)
	if _, errOut, code := run(t, "templates", "export", "mail/alert.html", "-c", p.config); code != 2 || !strings.Contains(errOut, "set [templates] dir in "+p.config) {
		t.Errorf("without a folder: exit %d, %q", code, errOut)
	}
}
