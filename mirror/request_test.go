package mirror

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const small = `{"sections":[{"id":"s","title":"News"}],"threads":[{"id":"t","section":"s","title":"Bridge"}],
	"posts":[{"id":"p","thread":"t","html":"<p>x"}],"members":[{"id":"m","name":"Ben","email":"ben@example.org"}],"watches":[{"member":"m","section":"s"}]}`

func TestParseRequest_NamesTheWrongField(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"not JSON", `{"posts":[`, "malformed JSON"},
		{"two values", `{} {}`, "malformed JSON"},
		{"an unknown field", `{"posts":[{"id":"p","thread":"t","html":"x"},{"id":"q","titel":"x"}]}`, "posts[1].titel: unknown field"},
		{"an unknown list", `{"post":[]}`, "post: unknown field"},
		{"a duplicate field", `{"posts":[{"id":"p","id":"q"}]}`, "posts[0].id: is given twice"},
		{"a number for a text", `{"threads":[{"id":7}]}`, "threads[0].id: must be a string, is number"},
		{"an object for a list", `{"members":{}}`, "members: must be an array"},
		{"a time in seconds", `{"posts":[{"id":"p","at":1777885200}]}`, "posts[0].at: must be a time like"},
		{"a missing ID", `{"sections":[{"title":"x"}]}`, "sections[0].id: missing"},
		{"a missing title", `{"threads":[{"id":"t","section":"s","title":" "}]}`, "threads[0].title: missing"},
		{"no text", `{"posts":[{"id":"p","thread":"t"}]}`, "posts[0]: must have either html or bbcode"},
		{"an unsafe address", `{"sections":[{"id":"s","title":"x","url":"javascript:alert(1)"}]}`, "sections[0].url: must be an http or https URL"},
		{"an unknown state", `{"posts":[{"id":"p","thread":"t","html":"x","state":"deleted"}]}`, "posts[0].state: must be"},
		{"a malformed address", `{"members":[{"id":"m","name":"x","email":"Ann <a@b.example>"}]}`, "members[0].email: must be"},
		{"a line break in an address", `{"members":[{"id":"m","name":"x","email":"a@b.example\nBcc: c@d.example"}]}`, "members[0].email: must be"},
		{"an unknown zone", `{"members":[{"id":"m","name":"x","zone":"Mars"}]}`, "members[0].zone: must be"},
		{"a watch of nothing", `{"watches":[{"member":"m"}]}`, "watches[0]: must have either section or thread"},
		{"a level of a thread", `{"watches":[{"member":"m","thread":"t","level":"posts"}]}`, "watches[0].level: must be"},
		{"readers that are null", `{"sections":[{"id":"s","title":"x","read":null}]}`, "sections[0].read: must be an array of names"},
		{"readers that are a text", `{"sections":[{"id":"s","title":"x","read":"staff"}]}`, "sections[0].read: must be an array of names"},
		{"a group that is a number", `{"members":[{"id":"m","name":"x","groups":["a",7]}]}`, "members[0].groups[1]: must be a string, is number"},
		{"an empty group", `{"sections":[{"id":"s","title":"x","read":[""]}]}`, "sections[0].read: missing"},
		{"a group with a space", `{"sections":[{"id":"s","title":"x","read":["staff "]}]}`, "sections[0].read: must be names of groups"},
		{"a member who is everyone", `{"members":[{"id":"m","name":"x","groups":["*"]}]}`, "members[0].groups: must be names of groups"},
		{"a deletion of two things", `{"deletions":[{"post":"p","thread":"t"}]}`, "deletions[0]: must name one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseRequest([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want one with %q", err, tt.want)
			}
			if _, theirs := errors.AsType[*FieldError](err); !theirs {
				t.Errorf("%v is no FieldError", err)
			}
		})
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(small)
	f.Add(`{"deletions":[{"watch":{"member":"m","thread":"t"}}],"posts":[{"id":"p","thread":"t","bbcode":"[b]x","at":"2026-05-04T08:00:00Z"}]}`)
	f.Add(`{"sections":[{"id":"s","title":"x","read":["staff","*"]}],"members":[{"id":"m","name":"x","groups":[]}]}`)
	f.Add(`{"members":[{"id":"m","name":"x","zone":"Europe/Berlin","locale":"pt-BR","joined_at":"2020-01-01T00:00:00Z"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRequest([]byte(text))
		if err != nil {
			if _, theirs := errors.AsType[*FieldError](err); !theirs && !errors.Is(err, ErrTooManyThings) {
				t.Errorf("%v is no FieldError", err)
			}
			return
		}
		for _, p := range r.Posts {
			if p.ID == "" || p.Thread == "" || (p.HTML == "") == (p.BBCode == "") {
				t.Errorf("accepted %+v", p)
			}
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("accepted what is no JSON: %q", text)
		}
	})
}
