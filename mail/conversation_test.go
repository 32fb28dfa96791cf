package mail

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
)

// refers returns the header fields that put a message into its conversation.
func refers(t *testing.T, m Message) (id, inReplyTo string, references []string) {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(mustCompose(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	h := parsed.Header
	return h.Get("Message-ID"), h.Get("In-Reply-To"), strings.Fields(h.Get("References"))
}

func TestConversation_MessagesReferToEachOther(t *testing.T) {
	first := sample()
	first.Key, first.ThreadRoot = "alert/42/T7/1", "thread/7"
	firstID, inReplyTo, refs := refers(t, first)
	if len(refs) != 1 || inReplyTo != refs[0] || inReplyTo == firstID {
		t.Errorf("the first replies to %s and refers to %v, want the root of its conversation", inReplyTo, refs)
	}
	root := refs[0]

	second := sample()
	second.Key, second.ThreadRoot, second.InReplyTo = "alert/42/T7/9", "thread/7", []string{first.Key}
	_, inReplyTo, refs = refers(t, second)
	if inReplyTo != firstID || len(refs) != 2 || refs[0] != root || refs[1] != firstID {
		t.Errorf("the second replies to %s and refers to %v, want the root and the first", inReplyTo, refs)
	}

	other := sample()
	other.Key, other.ThreadRoot = "alert/43/T7/1", "thread/7"
	if _, inReplyTo, _ := refers(t, other); inReplyTo != root {
		t.Errorf("another member's message replies to %s, want the same root", inReplyTo)
	}
	other.ThreadRoot = "thread/8"
	if _, inReplyTo, _ := refers(t, other); inReplyTo == root {
		t.Error("another thread has the same root")
	}
}

func TestConversation_LongRefersToRootAndEnd(t *testing.T) {
	m := sample()
	m.ThreadRoot = "thread/7"
	for n := range 30 {
		m.InReplyTo = append(m.InReplyTo, fmt.Sprintf("alert/42/T7/%d", n))
	}
	_, inReplyTo, refs := refers(t, m)
	last := composer(t).MessageID("alert/42/T7/29")
	if len(refs) != maxReferences || refs[0] != composer(t).MessageID("thread/7") || refs[len(refs)-1] != last || inReplyTo != last {
		t.Errorf("it replies to %s and refers to %v", inReplyTo, refs)
	}
}

func TestConversation_SingleMessageHasNoReferences(t *testing.T) {
	if _, inReplyTo, refs := refers(t, sample()); inReplyTo != "" || len(refs) != 0 {
		t.Errorf("a digest replies to %q and refers to %v", inReplyTo, refs)
	}
}

func TestCompose_OmitsInvalidArchiveURL(t *testing.T) {
	for _, address := range []string{"", "javascript:alert(1)", "https:///x", "https://a.example/>\r\nX-Evil: yes", "/threads/7"} {
		m := sample()
		m.Archive = address
		if raw := mustCompose(t, m); bytes.Contains(raw, []byte("List-Archive")) || bytes.Contains(raw, []byte("X-Evil")) {
			t.Errorf("the header contains %q", address)
		}
	}
}
