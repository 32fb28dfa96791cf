package golden

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// recordingTB records the failures of a test.
type recordingTB struct {
	testing.TB
	message string
}

func (w *recordingTB) Helper() {}

func (w *recordingTB) Errorf(format string, args ...any) { w.message += fmt.Sprintf(format, args...) }

func (w *recordingTB) Fatalf(format string, args ...any) { w.Errorf(format, args...) }

func TestFiles_ReportsFirstDifferentLine(t *testing.T) {
	t.Chdir(t.TempDir())
	*update = true
	Files(t, "mail", map[string]string{"txt": "one\ntwo\nthree\n", "html": "<p>"})
	*update = false
	if b, err := os.ReadFile("testdata/golden/mail.html"); err != nil || string(b) != "<p>" {
		t.Errorf("-update wrote %q, %v", b, err)
	}
	for _, tt := range []struct{ name, got, want string }{
		{"the same", "one\ntwo\nthree\n", ""},
		{"a different line", "one\n2\nthree\n", "mail.txt:2: got\n\t2\nwant\n\ttwo"},
		{"one more line", "one\ntwo\nthree\n\nfour", "mail.txt:5: got\n\tfour\nwant\n\t(the end)"},
		{"one line less", "one\ntwo", "mail.txt: got 2 lines, want 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &recordingTB{TB: t}
			Files(w, "mail", map[string]string{"txt": tt.got})
			if !strings.HasSuffix(w.message, tt.want) || (w.message == "") != (tt.want == "") {
				t.Errorf("Files reported %q, want %q", w.message, tt.want)
			}
		})
	}
}

func TestFiles_FailsWithoutFile(t *testing.T) {
	t.Chdir(t.TempDir())
	w := &recordingTB{TB: t}
	Files(w, "mail", map[string]string{"txt": "one"})
	if !strings.Contains(w.message, "-update") {
		t.Errorf("Files reported %q, want it to mention -update", w.message)
	}
}
