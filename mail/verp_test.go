package mail

import (
	"math"
	"strings"
	"testing"
)

func TestReturnPath_NamesMemberAndMessage(t *testing.T) {
	c := composer(t)
	for _, member := range []int64{1, 42, 123_456_789, math.MaxInt64} {
		key := "digest/42/2026-05-04"
		address := c.VERP(key, member, "bounce.example.org")
		if local, _, _ := strings.Cut(address, "@"); len(local) > 64 || local != strings.ToLower(local) {
			t.Errorf("the local part is %q: longer than 64 characters, or not in lower case", local)
		}
		if _, err := Mailbox(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		for _, spelling := range []string{address, strings.ToUpper(address)} {
			got, token, ok := ParseVERP(spelling)
			if !ok || got != member || !c.VerifyToken(token, key) {
				t.Errorf("ParseVERP(%s) = %d, %q, %v, want member %d and the token of %s", spelling, got, token, ok, member, key)
			}
			if c.VerifyToken(token, key+"x") {
				t.Errorf("the token of %s is valid for another message", key)
			}
		}
	}
}

func TestReturnPath_RejectsOthers(t *testing.T) {
	token := strings.Repeat("a", tokenLen)
	for _, address := range []string{
		"", "@", "b-", "b-@x", "b-16@x", "digest@forum.example.org", "b-16-" + token, "b-16-" + token + "a@x", "b-16-" + token[1:] + "@x",
		"b-016-" + token + "@x", "b-0-" + token + "@x", "b--16-" + token + "@x", "b-+16-" + token + "@x", "b-zzzzzzzzzzzzzzzz-" + token + "@x", "u-16-" + token + "@x",
	} {
		if member, _, ok := ParseVERP(address); ok {
			t.Errorf("%q was parsed as the return path of member %d", address, member)
		}
	}
}

func TestMessageID_ContainsToken(t *testing.T) {
	c := composer(t)
	id := c.MessageID("digest/42/2026-05-04")
	for _, spelling := range []string{id, " " + strings.ToUpper(id) + "\r\n", strings.Trim(id, "<>")} {
		if token, ok := c.ReadMessageID(spelling); !ok || !c.VerifyToken(token, "digest/42/2026-05-04") {
			t.Errorf("ReadMessageID(%q) = %q, %v", spelling, token, ok)
		}
	}
	for _, other := range []string{"", "<>", "<1@forum.example.org>", strings.Replace(id, "forum", "other", 1)} {
		if token, ok := c.ReadMessageID(other); ok {
			t.Errorf("ReadMessageID(%q) = %q", other, token)
		}
	}
}

func FuzzReadReturnPath(f *testing.F) {
	c := composer(f)
	f.Add(c.VERP("digest/42/2026-05-04", 42, "bounce.example.org"))
	f.Add("b--@")
	f.Fuzz(func(t *testing.T, address string) {
		if member, token, ok := ParseVERP(address); ok && (member < 1 || len(token) != tokenLen) {
			t.Errorf("ReadReturnPath(%q) = %d, %q", address, member, token)
		}
	})
}
