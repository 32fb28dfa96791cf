package templates

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/golden"
)

// renderAnnouncement renders a valid announcement.
func renderAnnouncement(t *testing.T, p *Renderer, a *digest.Announcement, r Recipient) Content {
	t.Helper()
	n, err := p.CompileAnnouncement(a, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Announcement(n, r, testFooter)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnnouncement_Golden(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name, locale string
		edit         func(*digest.Announcement, *Recipient)
	}{
		{"announcement.en", "en-GB", func(*digest.Announcement, *Recipient) {}},
		{"announcement.de", "de-AT", func(a *digest.Announcement, _ *Recipient) {
			a.Variants = append(a.Variants, digest.Variant{Locale: "de", Title: "Am Samstag ziehen wir um, {{name}}", Body: "Hallo {{name|zusammen}},\n\nseit {{joined}} hast du {{posts}} Beiträge geschrieben. Sie ziehen **alle** mit um.\n\n- Grüße\n- Küsse\n"})
		}},
		{"announcement.forced", "de", func(a *digest.Announcement, _ *Recipient) { a.Forced = true }},
		{"announcement.world", "en", func(a *digest.Announcement, r *Recipient) {
			a.Variants = []digest.Variant{{Locale: "he", Title: "עוברים דירה, {{name}}", Body: "שלום {{name|לכולם}},\n\nביום **שבת** הפורום עובר למחשב חדש. [מה חדש](https://forum.example/he) ו־`ssh`.\n\n1. העתיקו\n2. התחברו\n"}}
			r.Member.Name = "<b>Bo</b>\u202e & {{forum}}"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site, a, r := set.SampleAnnouncement()
			r.Member.Locale = tt.locale
			tt.edit(a, &r)
			c := renderAnnouncement(t, set.NewRenderer(site, 16), a, r)
			golden.Files(t, tt.name, map[string]string{
				"html": c.HTML.Plain(),
				"txt":  "Subject: " + c.Subject + "\n\n" + c.Text.Plain(),
			})
		})
	}
}

func TestAnnouncement_FillsMergeFieldsPerMember(t *testing.T) {
	set := load(t)
	site, _, _ := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	joined := time.Date(2009, 4, 17, 22, 30, 0, 0, time.UTC)
	amsterdam := zone(t, "Europe/Amsterdam")
	known := Recipient{Member: forum.Member{ID: 1, Name: "Anneke", Locale: "en"}, Profile: forum.Profile{Posts: 1248, JoinedAt: joined}, Zone: amsterdam}
	unknown := Recipient{Member: forum.Member{ID: 2, Locale: "en"}}
	for _, tt := range []struct {
		field                string
		ofKnown, ofUnknown   string
		inGerman, fallenBack string
	}{
		{"{{name}}", "Anneke", "", "Anneke", ""},
		{"{{name|friend}}", "Anneke", "friend", "Anneke", "friend"},
		{"{{forum}}", "Harbour & Rail", "Harbour & Rail", "Harbour & Rail", "Harbour & Rail"},
		{"{{posts}}", "1,248", "0", "1.248", "0"},
		{"{{posts|none}}", "1,248", "none", "1.248", "none"},
		{"{{joined}}", "18 April 2009", "", "18. April 2009", ""}, // past midnight in Amsterdam
		{"{{joined|long ago}}", "18 April 2009", "long ago", "18. April 2009", "long ago"},
		{"{{ NAME | a < b }}", "Anneke", "a < b", "Anneke", "a < b"},
	} {
		a := &digest.Announcement{Variants: []digest.Variant{{Locale: "en", Title: "T<" + tt.field + ">", Body: "B<" + tt.field + ">"}}}
		german := &digest.Announcement{Variants: []digest.Variant{{Locale: "de", Title: "T<" + tt.field + ">", Body: "B<" + tt.field + ">"}}}
		for _, c := range []struct {
			a    *digest.Announcement
			r    Recipient
			want string
		}{{a, known, tt.ofKnown}, {a, unknown, tt.ofUnknown}, {german, known, tt.inGerman}, {german, unknown, tt.fallenBack}} {
			got := renderAnnouncement(t, p, c.a, c.r)
			if got.Subject != "T<"+c.want+">" || !strings.Contains(got.Text.Plain(), "\nB<"+c.want+">\n") || !strings.Contains(got.HTML.Plain(), ">B&lt;"+escape(c.want)+"&gt;<") {
				t.Errorf("%s for %q: subject %q, want T<%s> and the same in the body:\n%s", tt.field, c.r.Member.Name, got.Subject, c.want, got.Text.Plain())
			}
		}
	}
}

func TestAnnouncement_PicksVariantByLanguageElseFirst(t *testing.T) {
	set := load(t)
	site, _, r := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	a := &digest.Announcement{}
	for _, l := range []string{"fr", "de", "pt-BR"} {
		a.Variants = append(a.Variants, digest.Variant{Locale: l, Title: l, Body: "x"})
	}
	for locale, want := range map[string]string{"de": "de", "de-CH": "de", "fr-CA": "fr", "pt": "pt-BR", "en": "fr", "": "fr", "no language": "fr"} {
		r.Member.Locale = locale
		c := renderAnnouncement(t, p, a, r)
		if c.Subject != want {
			t.Errorf("a member with locale %q gets %s, want %s", locale, c.Subject, want)
		}
		if german := strings.Contains(c.Text.Plain(), "Ankündigungen abbestellen"); german != strings.HasPrefix(locale, "de") {
			t.Errorf("the footer for %q is in German: %v", locale, german)
		}
	}
}

func TestAnnouncement_OfNoOtherLanguageThatMembersMayUnderstand(t *testing.T) {
	set := load(t)
	site, _, _ := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	a := &digest.Announcement{}
	for _, l := range []string{"en", "ru", "tr", "fr", "zh", "nb"} {
		a.Variants = append(a.Variants, digest.Variant{Locale: l, Title: l, Body: "x"})
	}
	n, err := p.CompileAnnouncement(a, 100<<10)
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{"kk": "en", "az": "en", "ku": "en", "br": "en", "is": "en", "ru-KZ": "ru", "fr-CA": "fr", "cmn": "zh", "zh-TW": "zh", "nb": "nb", "no": "nb"} {
		if got := n.pick(locale).title; got != want {
			t.Errorf("a member with locale %q gets %s, want %s", locale, got, want)
		}
	}
}

func TestAnnouncement_ErrorsNameTheLine(t *testing.T) {
	set := load(t)
	site, _, _ := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	many := ""
	for i := range maxFields + 1 {
		many += fmt.Sprintf("{{name|%d}} ", i)
	}
	for _, tt := range []struct {
		name     string
		variants []digest.Variant
		want     []string
	}{
		{"nothing", nil, []string{"the announcement is empty"}},
		{"an unknown field", []digest.Variant{{Locale: "en", Title: "a", Body: "b\n\n{{nmae|you}}"}},
			[]string{`in en: line 3: unknown merge field {{nmae}}: use {{name}}, {{forum}}, {{posts}}, {{joined}}, or write \{{ for literal braces`}},
		{"an unknown field in the title", []digest.Variant{{Locale: "en", Title: "{{x}}", Body: "b"}}, []string{"in en: in the title: unknown merge field {{x}}"}},
		{"all errors of all variants", []digest.Variant{{Locale: "en", Body: "{{x}}"}, {Locale: "de", Title: "a", Body: "[b](javascript:c)"}},
			[]string{"in en: the title is empty", "in en: line 1: unknown merge field {{x}}", "in de: line 1: invalid link URL (javascript:c)"}},
		{"no body", []digest.Variant{{Locale: "en", Title: "a", Body: " \n"}}, []string{"in en: the body is empty"}},
		{"no language", []digest.Variant{{Locale: "english!", Title: "a", Body: "b"}}, []string{`invalid locale "english!"`}},
		{"a language twice", []digest.Variant{{Locale: "en", Title: "a", Body: "b"}, {Locale: "en", Title: "a", Body: "b"}}, []string{"in en: two variants have this language: remove one"}},
		{"too many merge fields", []digest.Variant{{Locale: "en", Title: "a", Body: many}}, []string{"in en: 32 different merge fields: use at most 31"}},
		{"too long for mail clients", []digest.Variant{{Locale: "en", Title: "a", Body: strings.Repeat("many words ", 8000)}}, []string{"in en: the message would have "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := p.CompileAnnouncement(&digest.Announcement{Variants: tt.variants}, 80<<10)
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestFieldErrors_NameTheFieldAtFault(t *testing.T) {
	set := load(t)
	site, _, _ := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	for _, tt := range []struct {
		variant digest.Variant
		want    []string
	}{
		{digest.Variant{Locale: "en", Title: "{{x}}", Body: "b"}, []string{FieldTitle}},
		{digest.Variant{Locale: "en", Body: "b"}, []string{FieldTitle}},
		{digest.Variant{Locale: "en", Title: "a", Body: "{{x}} {{y}}"}, []string{FieldBody, FieldBody}},
		{digest.Variant{Locale: "en", Body: "[b](javascript:c)"}, []string{FieldBody, FieldTitle}},
		{digest.Variant{Locale: "english!", Title: "a", Body: "b"}, []string{FieldLocale}},
		{digest.Variant{Locale: "en", Title: "a", Body: strings.Repeat("many words ", 8000)}, []string{FieldBody}},
		{digest.Variant{Locale: "en", Title: "a", Body: "b"}, nil},
	} {
		_, err := p.CompileAnnouncement(&digest.Announcement{Variants: []digest.Variant{tt.variant}}, 80<<10)
		var got []string
		for _, e := range FieldErrors(err) {
			got = append(got, e.Field)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%.60q: the fields at fault are %q, want %q", tt.variant, got, tt.want)
		}
	}
}

func TestAnnouncement_PreviewWithoutRecipientSaysSo(t *testing.T) {
	set := load(t)
	site, a, r := set.SampleAnnouncement()
	r.Member.Name = ""
	for locale, want := range map[string]string{"en": "Sent to (name of the member).", "de": "Gesendet an (Name des Mitglieds)."} {
		r.Member.Locale = locale
		c := renderAnnouncement(t, set.NewRenderer(site, 16), a, r)
		if !strings.Contains(c.HTML.Plain(), want) || !strings.Contains(c.Text.Plain(), want) {
			t.Errorf("%s: the footer lacks %q:\n%s", locale, want, c.Text.Plain())
		}
	}
}

func TestAnnouncement_HostileNameStaysInItsField(t *testing.T) {
	set := load(t)
	site, a, r := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	harmless := renderAnnouncement(t, p, a, r)
	for _, name := range []string{
		`</h2></td></table><script>alert(1)</script>`, `"onmouseover="x`, "A\r\nBcc: x@example.org", "\uFDD0\uFDD8\uFDEF", "{{forum}} {{posts}}",
		"\u202egnp.exe", strings.Repeat("W", 3000), "\x00\x1b[31m", "</title>",
	} {
		r.Member.Name = name
		c := renderAnnouncement(t, p, a, r)
		if w, g := tagsOf(harmless.HTML.Plain()), tagsOf(c.HTML.Plain()); !slices.Equal(w, g) {
			t.Errorf("%q changes the tags:\n%s\nwant\n%s", name, strings.Join(g, "\n"), strings.Join(w, "\n"))
		}
		for what, s := range map[string]string{"HTML": c.HTML.Plain(), "text": c.Text.Plain(), "subject": c.Subject} {
			if i := strings.IndexFunc(s, func(r rune) bool {
				return r >= firstSlot && r <= lastSlot || r == '\u202e' || r < ' ' && (r != '\n' || what == "subject")
			}); i >= 0 {
				t.Errorf("%q: the %s contains %q", name, what, s[i:min(len(s), i+20)])
			}
		}
		if len(c.Subject) > 400 {
			t.Errorf("%.20q: the subject has %d bytes", name, len(c.Subject))
		}
	}
}

func TestAnnouncement_ForcedSaysSoAndKeepsUnsubscribeLink(t *testing.T) {
	set := load(t)
	site, a, r := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	const notice = "This is a required notice. We're sending it to all members, including"
	plain := renderAnnouncement(t, p, a, r).Text.Plain()
	a.Forced = true
	forced := renderAnnouncement(t, p, a, r)
	if strings.Contains(plain, notice) || !strings.Contains(forced.Text.Plain(), notice) || !strings.Contains(forced.HTML.Plain(), "including those who opted out of announcements") {
		t.Errorf("the forced announcement says:\n%s", forced.Text.Plain())
	}
	if !strings.Contains(forced.HTML.Plain(), testFooter.Unsubscribe) {
		t.Error("the forced announcement has no unsubscribe link")
	}
}

func BenchmarkAnnouncement(b *testing.B) {
	set, err := Load("")
	if err != nil {
		b.Fatal(err)
	}
	site, a, r := set.SampleAnnouncement()
	p := set.NewRenderer(site, 16)
	n, err := p.CompileAnnouncement(a, 80<<10)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Announcement(n, r, testFooter); err != nil {
			b.Fatal(err)
		}
	}
}
