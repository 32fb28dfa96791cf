package mail

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python is Debian's own, which sees Debian's packages.
const python = "/usr/bin/python3"

// outside verifies with dkimpy, which shares no line with what we sign with.
func outside(t *testing.T, s *Signer, signed []byte) string {
	t.Helper()
	args := []string{"testdata/dkim_verify.py"}
	for _, r := range s.Records() {
		args = append(args, r.Name, r.Value)
	}
	cmd := exec.Command(python, args...)
	cmd.Stdin = bytes.NewReader(signed)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dkim_verify.py: %v\n%s", err, said.String())
	}
	return string(out)
}

func TestDKIM_OtherVerifierAgrees(t *testing.T) {
	if err := exec.Command(python, "-c", "import dkim, nacl").Run(); err != nil {
		t.Skip("SKIPPED: dkimpy is not installed (Debian: apt install python3-dkim)")
	}
	s := mustSigner(t, dkimConfig(t))
	hostile := sample()
	hostile.To.Name, hostile.Subject = strings.Repeat("ж \" ", 60), strings.Repeat("漢字  ", 80)
	for name, m := range map[string]Message{"sample": sample(), "big": big(), "hostile": hostile} {
		signed := mustSign(t, s, mustCompose(t, m))
		if got, want := outside(t, s, signed), "pr1 True\npr1-ed True\n"; got != want {
			t.Errorf("%s: dkimpy prints\n%swant\n%s", name, got, want)
		}
	}
	signed := string(mustSign(t, s, mustCompose(t, sample())))
	const evil = "List-Unsubscribe: <https://evil.example/>\r\n"
	for what, bad := range map[string]string{
		"another address":      strings.Replace(signed, fieldOf([]byte(signed), "List-Unsubscribe"), evil, 1),
		"a second field":       evil + signed,
		"one-click removed":    strings.Replace(signed, fieldOf([]byte(signed), "List-Unsubscribe-Post"), "", 1),
		"another From, on top": "From: admin@example.org\r\n" + signed,
	} {
		if got := outside(t, s, []byte(bad)); strings.Contains(got, "True") || strings.Count(got, "\n") != 2 {
			t.Errorf("%s: dkimpy prints\n%s", what, got)
		}
	}
}

func TestDKIM_SignatureSurvivesSMTP(t *testing.T) {
	dump := t.TempDir()
	relay := dialTo(t, SMTPConfig{URL: sink(t, dump)})
	s := mustSigner(t, dkimConfig(t))
	signed := mustSign(t, s, mustCompose(t, sample()))
	if o := relay.Send(t.Context(), sender, recipient, signed); o.Result != Accepted {
		t.Fatalf("Send = %v, want accepted", o)
	}
	names := files(t, dump)
	if len(names) != 1 {
		t.Fatalf("smtp-sink got %d messages, want 1", len(names))
	}
	raw, err := os.ReadFile(filepath.Join(dump, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	// smtp-sink stores a message with LF line endings and its own header lines on top.
	got := bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
	got = got[max(0, bytes.Index(got, []byte("DKIM-Signature:"))):]
	wantGood(t, s, got, "as received by smtp-sink")
}
