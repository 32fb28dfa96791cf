package qp

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func TestEncode_RoundTrips(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing stays nothing", "", ""},
		{"a text that goes on ends with a soft break", "abc", "abc=\r\n"},
		{"a text that ends a line ends with a hard break", "abc\n", "abc\r\n"},
		{"a line end of two bytes is one line end", "a\r\nb\n", "a\r\nb\r\n"},
		{"empty lines stay", "\n\n", "\r\n\r\n"},
		{"the equals sign is hidden", "a=b\n", "a=3Db\r\n"},
		{"letters beyond ASCII are written byte by byte", "ä\n", "=C3=A4\r\n"},
		{"a blank at the end of a line is hidden", "-- \n", "--=20\r\n"},
		{"a tab at the end of a line is hidden", "a\t\r\n", "a=09\r\n"},
		{"a blank line of blanks is hidden", "  \n", " =20\r\n"},
		{"a blank at the end of a text that goes on stays", "a ", "a =\r\n"},
		{"a dot at the start of a line is hidden", ".\n..a\n", "=2E\r\n=2E.a\r\n"},
		{"a dot elsewhere stays", "a.\n", "a.\r\n"},
		{"an mbox separator is hidden", "From here\n", "=46rom here\r\n"},
		{"a word that only starts like one stays", "Fromage\nFrom\n", "Fromage\r\nFrom\r\n"},
		{"a lone carriage return is hidden", "a\rb\n", "a=0Db\r\n"},
		{"a NUL is hidden", "a\x00b\n", "a=00b\r\n"},
		{"bytes that are no text come through", "\xff\xfe\n", "=FF=FE\r\n"},
		{"a full line is broken", strings.Repeat("a", 80) + "\n", strings.Repeat("a", 75) + "=\r\naaaaa\r\n"},
		{"a line of 75 is not broken", strings.Repeat("a", 75) + "\n", strings.Repeat("a", 75) + "\r\n"},
		{"a dot after a soft break is hidden", strings.Repeat("a", 75) + ".\n", strings.Repeat("a", 75) + "=\r\n=2E\r\n"},
		{"an escape is not torn", strings.Repeat("a", 73) + "=\n", strings.Repeat("a", 73) + "=\r\n=3D\r\n"},
		{"a hidden blank finds room on the next line", strings.Repeat("a", 74) + " \n", strings.Repeat("a", 74) + "=\r\n=20\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Encode(tt.in).Encoded; got != tt.want {
				t.Errorf("Encode(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestPieces_ConcatenateTexts(t *testing.T) {
	r := Pieces{Encode("The Löwe"), Encode(""), Encode(".\r\n"), Encode(" and \nthe\n"), Encode(strings.Repeat("界", 2000))}
	want := "The Löwe.\n and \nthe\n" + strings.Repeat("界", 2000)
	if got := r.Plain(); got != want {
		t.Errorf("Plain() = %.60q…, want %.60q…", got, want)
	}
	if got, want := r.Size(), len(want)+strings.Count(want, "\n"); got != want {
		t.Errorf("Size() = %d, want %d", got, want)
	}
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Errorf("WriteTo = %d, %v, want %d bytes", n, err, b.Len())
	}
	if got := r.EncodedLen(); got != b.Len() {
		t.Errorf("EncodedLen() = %d, want %d", got, b.Len())
	}
	decoded, err := io.ReadAll(quotedprintable.NewReader(&b))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(decoded), "\r\n", "\n"); got != want {
		t.Errorf("decoded as one body: %.60q…, want %.60q…", got, want)
	}
}

func TestEncode_AllocatesOnce(t *testing.T) {
	s := strings.Repeat("<p>Ein Satz, der nicht auffällt.</p>\n", 40)
	if got := testing.AllocsPerRun(100, func() { Encode(s) }); got > 1 {
		t.Errorf("Encode of %d bytes allocated %v times, want once", len(s), got)
	}
}

// FuzzEncode compares the encoding of a text, in two pieces, with the decoder of the standard library.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "a", "a\n", ".\r\n", "From x \n", "ä=\t \r\r\n", strings.Repeat("x ", 60), strings.Repeat("€", 30)} {
		f.Add(s, len(s)/2)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		cut = min(max(cut, 0), len(s))
		a, b := s[:cut], s[cut:]
		r := Pieces{Encode(a), Encode(b)}
		encoded := r[0].Encoded + r[1].Encoded
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(encoded)))
		if err != nil {
			t.Fatalf("decoding %q: %v", encoded, err)
		}
		lf := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
		if got := lf(string(decoded)); got != lf(a)+lf(b) {
			t.Errorf("decoded %q, want %q", got, lf(a)+lf(b))
		}
		if got := r.Plain(); got != lf(a)+lf(b) {
			t.Errorf("Plain() = %q, want %q", got, lf(a)+lf(b))
		}
		if got, want := r.Size(), len(lf(a)+lf(b))+strings.Count(lf(a)+lf(b), "\n"); got != want {
			t.Errorf("Size() = %d, want %d", got, want)
		}
		checkLines(t, encoded)
	})
}

// checkLines checks that every line can be sent to a relay unchanged.
func checkLines(t *testing.T, encoded string) {
	t.Helper()
	rest, ok := strings.CutSuffix(encoded, "\r\n")
	if !ok && encoded != "" {
		t.Fatalf("%q does not end with a line break", encoded)
	}
	for line := range strings.SplitSeq(rest, "\r\n") {
		if len(line) > 76 {
			t.Errorf("a line has %d columns: %q", len(line), line)
		}
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") {
			t.Errorf("a line starts with a dot or \"From \": %q", line)
		}
		if strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
			t.Errorf("a line ends with a space or a tab: %q", line)
		}
		for _, c := range []byte(line) {
			if c != '\t' && (c < ' ' || c > '~') {
				t.Errorf("a line contains the byte %#x: %q", c, line)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	html := strings.Repeat("<p style=\"margin:0 0 12px\">The squadron moved on Tuesday; no one said where to — yet.</p>\n", 12)
	for name, s := range map[string]string{"html": html, "cjk": strings.Repeat("航空母艦", 90)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				Encode(s)
			}
		})
	}
}
