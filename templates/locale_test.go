package templates

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/en_GB"
	"golang.org/x/text/language"

	"postrider/digest"
)

func TestLocale_EveryKeyIsUsed(t *testing.T) {
	set := load(t)
	used, err := set.bind(overlayFS{})
	if err != nil {
		t.Fatal(err)
	}
	for key := range used.members { // the admin pages use some words of the members, too
		delete(used.admins, key)
	}
	check := func(file string, used map[string]string) {
		l, err := readLocale(file, file, shippedFile(t, file), words{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if parentOf(l.tag, set.locales) == nil { // the rest is the parent's
			if missing := without(used, l.messages); len(missing) > 0 {
				t.Errorf("%s lacks %q: add new words to all files of the folder", file, missing)
			}
		}
		if unused := without(l.messages, used); len(unused) > 0 {
			t.Errorf("%s has %q, which nothing uses", file, unused)
		}
	}
	for _, lazy := range set.locales {
		l := lazy.locale()
		check(l.file, maps.Clone(used.members))
		if l.adminFile != "" {
			check(l.adminFile, maps.Clone(used.admins))
		}
	}
}

// without returns the keys of one map that another lacks.
func without[A, B any](keys map[string]A, of map[string]B) (missing []string) {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, ok := of[key]; !ok {
			missing = append(missing, key)
		}
	}
	return missing
}

func TestLocale_OwnKeysMatchTheSource(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	inSource := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "keys.go" {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"((?:layout|subject|summary|likes|more|post|alert)\.[a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
			inSource[m[1]] = true
		}
	}
	for _, key := range ownKeys() {
		if strings.HasPrefix(key, "markup.") { // used next to their list
			inSource[key] = true
		}
	}
	if got, want := slices.Sorted(slices.Values(ownKeys())), slices.Sorted(maps.Keys(inSource)); !slices.Equal(got, want) {
		t.Errorf("ownKeys() = %q, but the source uses %q", got, want)
	}
}

func TestLocale_PicksTheNearestLanguage(t *testing.T) {
	set := load(t)
	for asked, want := range map[string]string{
		"de": "de", "de-AT": "de", "de_DE": "de", "DE": "de", "en": "en", "en-US": "en-US", "en_US": "en-US", "en_GB": "en", "en-AU": "en", "en-IN": "en",
		"": "en", "tlh": "en", "fr-CA": "fr", "German (du)": "en", "../../etc": "en",
	} {
		if got := set.locale(asked).tag.String(); got != want {
			t.Errorf("locale(%q) = %s, want %s", asked, got, want)
		}
	}
}

// A member gets their language or one that they can read as well, and no other.
func TestLocale_StaysWithinTheLanguage(t *testing.T) {
	var list []*lazyLocale
	for _, tag := range []string{"en", "de", "es", "fa", "fr", "he", "ru", "sv", "tr", "en-US", "pt-BR", "zh-Hans", "zh-Hant"} {
		list = append(list, &lazyLocale{tag: language.MustParse(tag)})
	}
	g := newLanguages(list)
	for want, names := range map[string]string{
		"zh-Hant": "zh-TW zh_TW zh-HK zh-MO zh-Hant zh_Hant-HK cmn-Hant zh_cmn_hant", "zh-Hans": "zh zh-CN zh_cn zh-SG zh-Hans zh_cmn_hans cmn",
		"pt-BR": "pt pt-PT pt_BR pt_br pt-AO", "he": "he iw he-IL iw_IL", "fa": "fa fa_IR fa-AF", "es": "es es-MX es_419 es_x_tu", "fr": "fr fr_CA fr-x-vous",
		"de": "de de-CH de_x_sie", "en": "en en-GB en_AU en-IN en-x-pirate", "en-US": "en-US en_us", "tr": "tr tr_TR",
		"": "no nb nn nb-NO da is sr hr uk kk be gl ca az ku yue deutsch_sie",
	} {
		for name := range strings.FieldsSeq(names) {
			got := ""
			if l := g.match(name); l != nil {
				got = l.tag.String()
			}
			if got != want {
				t.Errorf("match(%q) = %q, want %q", name, got, want)
			}
		}
	}
}

func TestLocale_FallsBackToTheForumLanguage(t *testing.T) {
	set := load(t)
	for _, asked := range []string{"et-EE", "", "no language", "eo", "is", "sw", "af", "ur"} {
		if got := set.locale(asked, "de").tag.String(); got != "de" {
			t.Errorf("locale(%q, de) = %s, want de", asked, got)
		}
	}
	if got := set.locale("en-GB", "de").tag.String(); got != "en" {
		t.Errorf("locale(en-GB, de) = %s, want en", got)
	}
}

func TestLocale_DirectionFollowsTheScript(t *testing.T) {
	for tag, want := range map[string]string{"en": "ltr", "ar": "rtl", "he": "rtl", "fa": "rtl", "ur": "rtl", "pa-Arab": "rtl", "ja": "ltr", "az": "ltr"} {
		l := locale{tag: language.MustParse(tag)}
		if got := l.dir(); got != want {
			t.Errorf("%s is written %s, want %s", tag, got, want)
		}
	}
}

func TestLocale_GroupsNumbers(t *testing.T) {
	l := locale{tag: language.German, calendar: calendar{digits: digitsOf(language.German)}}
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1.000", 12345: "12.345", 1234567: "1.234.567"} {
		if got := l.number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestLocale_FormatsTimesByLanguage(t *testing.T) {
	set := load(t)
	at := time.Date(2026, 3, 7, 9, 5, 0, 0, time.UTC)
	for _, tt := range []struct{ locale, date, moment, momentYear string }{
		{"en", "Saturday, 7 March 2026", "Sat 7 Mar, 09:05", "7 Mar 2026, 09:05"},
		{"en-US", "Saturday, March 7, 2026", "Sat, Mar 7, 9:05 AM", "Mar 7, 2026, 9:05 AM"},
		{"de", "Samstag, 7. März 2026", "Sa., 7. März, 09:05 Uhr", "7. März 2026, 09:05 Uhr"},
		{"pl", "sobota, 7 marca 2026", "sob. 7 mar, 09:05", "7 mar 2026, 09:05"},
		{"cs", "sobota 7. března 2026", "so 7. 3. 09:05", "7. 3. 2026 09:05"},
		{"ru", "суббота, 7 марта 2026 г.", "сб, 7 мар., 09:05", "7 мар. 2026 г., 09:05"},
		{"uk", "субота, 7 березня 2026 р.", "сб, 7 бер., 09:05", "7 бер. 2026 р., 09:05"},
		{"tr", "7 Mart 2026 Cumartesi", "7 Mar Cmt 09:05", "7 Mar 2026 09:05"},
		{"ar", "السبت، ٧ مارس ٢٠٢٦", "السبت، ٧ مارس، ٩:٠٥ ص", "٧ مارس ٢٠٢٦، ٩:٠٥ ص"},
		{"he", "יום שבת, 7 במרץ 2026", "שבת, 7 במרץ, 09:05", "7 במרץ 2026, 09:05"},
		{"fa", "شنبه ۷ مارس ۲۰۲۶", "شنبه ۷ مارس، ۰۹:۰۵", "۷ مارس ۲۰۲۶، ۰۹:۰۵"},
		{"zh-Hans", "2026年3月7日星期六", "3月7日周六 09:05", "2026年3月7日 09:05"},
		{"zh-Hant", "2026年3月7日 星期六", "3月7日 週六 09:05", "2026年3月7日 09:05"},
		{"ja", "2026年3月7日土曜日", "3月7日(土) 09:05", "2026年3月7日 09:05"},
		{"ko", "2026년 3월 7일 토요일", "3월 7일 (토) 오전 9:05", "2026년 3월 7일 오전 9:05"},
	} {
		c := &set.locale(tt.locale).calendar
		for _, w := range []struct {
			pattern []piece
			want    string
		}{{c.date, tt.date}, {c.moment, tt.moment}, {c.momentYear, tt.momentYear}} {
			if got := c.write(w.pattern, at); got != w.want {
				t.Errorf("%s: %q, want %q", tt.locale, got, w.want)
			}
		}
	}
}

// Languages with several plural forms pick the one that the number needs.
func TestLocale_CountsInTheRightForm(t *testing.T) {
	set := load(t)
	for tag, list := range map[string]map[int]string{
		"pl": {1: "1 nowy temat", 2: "2 nowe tematy", 5: "5 nowych tematów", 12: "12 nowych tematów", 22: "22 nowe tematy", 101: "101 nowych tematów"},
		"cs": {1: "1 nové téma", 4: "4 nová témata", 5: "5 nových témat", 22: "22 nových témat"},
		"ru": {1: "1 новая тема", 3: "3 новые темы", 11: "11 новых тем", 21: "21 новая тема", 100: "100 новых тем"},
		"uk": {1: "1 нова тема", 3: "3 нові теми", 11: "11 нових тем", 21: "21 нова тема", 100: "100 нових тем"},
		"ar": {1: "موضوع جديد واحد", 2: "موضوعان جديدان", 3: "٣ مواضيع جديدة", 11: "١١ موضوعًا جديدًا", 100: "١٠٠ موضوع جديد"},
		"he": {1: "נושא חדש אחד", 2: "2 נושאים חדשים", 20: "20 נושאים חדשים", 21: "21 נושאים חדשים"},
		"ja": {1: "新しいトピック1件", 2: "新しいトピック2件"},
	} {
		for n, want := range list {
			if got := set.locale(tag).mustText("subject.threads", "n", n); got != want {
				t.Errorf("%s: %d: %q, want %q", tag, n, got, want)
			}
		}
	}
}

func TestLocale_TwelveHourClock(t *testing.T) {
	src := strings.Replace(shippedFile(t, "locales/en.toml"), "{hour}:{minute}\"\nmoment_year", "{hour12}:{minute} {half}\"\nhalves = [\"am\", \"pm\"]\nmoment_year", 1)
	l, err := readLocale("en.toml", "en.toml", src, words{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for hour, want := range map[int]string{0: "Sat 7 Mar, 12:05 am", 11: "Sat 7 Mar, 11:05 am", 12: "Sat 7 Mar, 12:05 pm", 23: "Sat 7 Mar, 11:05 pm"} {
		if got := l.calendar.write(l.calendar.moment, time.Date(2026, 3, 7, hour, 5, 0, 0, time.UTC)); got != want {
			t.Errorf("%d h: %q, want %q", hour, got, want)
		}
	}
}

func TestLoad_ErrorsNameTheCause(t *testing.T) {
	en := shippedFile(t, "locales/en.toml")
	page, shared := shippedFile(t, digestMail.html()), shippedFile(t, common.html())
	text := shippedFile(t, common.text())
	layout := fmt.Sprint(digestMail.html(), ":", 1+strings.Count(page[:strings.Index(page, `{{template "top"`)], "\n"))
	for _, tt := range []struct{ name, file, src, want string }{
		{"a locale that is not TOML", "locales/en.toml", "[time]\ndate = ", "locales/en.toml:2: "},
		{"a locale that lacks a key", "locales/de.toml", strings.Replace(en, "guest        = \"Guest\"\n", "", 1), "locales/de.toml: missing key \"post.guest\", which the program uses"},
		{"a locale that lacks a template's key", "locales/de.toml", strings.Replace(en, "\ntook_part ", "\ntook_prat ", 1), "missing key \"thread.took_part\", which mail/digest."},
		{"words for admins that lack a key", "locales/admin/de.toml", strings.Replace(shippedFile(t, "locales/admin/en.toml"), "\nraised ", "\nrised ", 1), "locales/admin/de.toml: missing key \"alarm.raised\", which page/admin/dashboard.html"},
		{"words for admins without those for members", "locales/admin/et.toml", "", "add those for members as locales/et.toml"},
		{"a missing plural form", "locales/pl.toml", en[:strings.Index(en, "\n[page]")], "locales/pl.toml:63: \"alert.several\": missing plural form: the language needs few, many, one"},
		{"an unexpected plural form", "locales/de.toml", strings.Replace(en, "{ one = \"{n} reply\"", "{ few = \"{n} reply\", one = \"{n} reply\"", 1), "\"subject.replies\": unexpected plural form"},
		{"no plural form where English has them", "locales/de.toml", strings.Replace(en, "{ one = \"{n} reply\", other = \"{n} replies\" }", "\"{n} replies\"", 1), "\"subject.replies\": missing plural form"},
		{"an unknown plural form", "locales/de.toml", strings.Replace(en, "{ one = \"{n} reply\"", "{ single = \"{n} reply\"", 1), "invalid plural form \"single\""},
		{"an unknown placeholder", "locales/de.toml", strings.Replace(en, "Started by {name}", "Started by {nmae}", 1), "\"thread.started\": unknown placeholder {nmae}"},
		{"a missing placeholder", "locales/de.toml", strings.Replace(en, "Started by {name}", "Started", 1), "\"thread.started\": missing placeholder {name}"},
		{"an unclosed brace", "locales/de.toml", strings.Replace(en, "Started by {name}", "Started by {name", 1), "invalid placeholder at \"{name"},
		{"a missing month", "locales/de.toml", strings.Replace(en, "[time]", "[time]\nmonths = [\"January\"]", 1), "\"months\" needs 12 names"},
		{"a language without known names", "locales/et.toml", en, "locales/et.toml:6: \"months\" needs 12 names"},
		{"a pattern with an unknown part", "locales/de.toml", strings.Replace(en, "{hour}", "{hours}", 1), "unknown placeholder {hours}"},
		{"an unknown key next to the patterns", "locales/de.toml", strings.Replace(en, "\nclock ", "\nclocks = \"\"\nclock ", 1), "unknown key \"time.clocks\""},
		{"a file name that is not a language", "locales/klingon!.toml", en, "the file name must be a language tag"},
		{"a template that does not parse", digestMail.html(), strings.Replace(page, "\n  {{.Body}}", "\n  {{.Body", 1), "mail/digest.html:"},
		{"a template with an unknown field", common.html(), strings.Replace(shared, "{{.Text}}", "{{.Txet}}", 1), "Txet"},
		{"a template that uses an unknown key", common.text(), strings.Replace(text, "{{.Text}}", "{{t \"more.less\"}}", 1), "missing key \"more.less\", which "},
		{"a template that passes no value", common.text(), strings.Replace(text, "\"n\" .Number", "", 1), "\"post.number\": no value for {n}"},
		{"a template that fails in one language", digestMail.html(), strings.Replace(page, "{{.Body}}", "{{if eq .Lang \"ja\"}}{{.Nowhere}}{{end}}{{.Body}}", 1), "Nowhere"},
		{"a file with a missing template", digestMail.text(), "{{define \"layout\"}}{{end}}", "mail/digest.txt:1: defines no template \"section\""},
		{"an unclosed cell", common.html(), strings.Replace(shared, "{{.Text}}</a>", "{{.Text}}", 1), "template \"more\" leaves a <a> open"},
		{"a row closed twice", digestMail.html(), strings.Replace(page, "{{.Title}}</a></h2></td></tr>", "{{.Title}}</a></h2></td></tr></tr>", 1), "template \"section\" closes a <tr> that is not open"},
		{"a layout without an unsubscribe link", digestMail.html(), strings.ReplaceAll(page, "{{.Unsubscribe}}", "#"), "must print {{.Settings}} and {{.Unsubscribe}}"},
		{"a layout without a body", digestMail.html(), strings.ReplaceAll(page, "{{.Body}}", ""), layout + ": template \"layout\" must print {{.Body}} once"},
		{"a sample with an unknown key", digestMail.sample(), "form = 2026-05-04T06:00:00Z", "unknown key \"form\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			overlayFile(t, dir, tt.file, tt.src)
			_, err := Load(dir)
			if err == nil {
				t.Fatal("Load accepted it")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: %v, want %q", err, tt.want)
			}
			if !strings.HasSuffix(tt.file, ".txt") && !strings.Contains(err.Error(), filepath.Join(dir, tt.file)) {
				t.Errorf("Load: %v, want the path of %s", err, tt.file)
			}
		})
	}
}

func TestLoad_ShippedSamplesRenderInEveryLanguage(t *testing.T) {
	set, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if err := set.renderSamples(set.locales); err != nil {
		t.Error(err)
	}
}

func shippedFile(t *testing.T, name string) string {
	t.Helper()
	src, err := overlayFS{}.read(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func overlayFile(t *testing.T, dir, name, src string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoad_OverlayAddsLanguageAndReplacesTemplate(t *testing.T) {
	dir := t.TempDir()
	hebrew := regexp.MustCompile(`other = ("[^"]*") \}`).ReplaceAllString(shippedFile(t, "locales/en.toml"), "two = $1, many = $1, other = $1 }")
	overlayFile(t, dir, "locales/he.toml", hebrew)
	overlayFile(t, dir, digestMail.html(), strings.Replace(shippedFile(t, digestMail.html()), "<h1 ", "<h1 data-own ", 1))
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	site, d := set.Sample()
	d.Member.Locale = "he-IL"
	c, err := set.NewRenderer(site, 10).Digest(d, testFooter, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	html := c.HTML.Plain()
	for _, want := range []string{`<html lang="he" dir="rtl">`, "<h1 data-own "} {
		if !strings.Contains(html, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
}

func TestLocale_WritesDigitsOfTheLanguage(t *testing.T) {
	at := time.Date(2026, 3, 7, 9, 5, 0, 0, time.UTC)
	for tag, want := range map[string]string{"de": "7.3.2026, 09:05 | 1.234", "fa": "۷.۳.۲۰۲۶, ۰۹:۰۵ | ۱٬۲۳۴", "ar": "٧.٣.٢٠٢٦, ٠٩:٠٥ | ١٬٢٣٤", "hi": "7.3.2026, 09:05 | 1,234"} {
		l := locale{tag: language.MustParse(tag), calendar: calendar{digits: digitsOf(language.MustParse(tag))}}
		pattern, err := pieces("{day}.{month_number}.{year}, {hour}:{minute}")
		if err != nil {
			t.Fatal(err)
		}
		if got := l.calendar.write(pattern, at) + " | " + l.number(1234); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

func TestLocale_WritesYearsBeforeYearZero(t *testing.T) {
	l := load(t).locale("fa")
	if got := l.calendar.write(l.calendar.date, time.Date(-12, 3, 7, 9, 5, 0, 0, time.UTC)); !strings.Contains(got, "-") || !strings.Contains(got, "۱۲") {
		t.Errorf("the date is %q, want the year -۱۲ in it", got)
	}
}

func TestLocale_RegionalVariantNeedsOnlyWhatDiffers(t *testing.T) {
	dir := t.TempDir()
	overlayFile(t, dir, "locales/de-AT.toml", "[time]\nmonths = [\"Jänner\", \"Feber\", \"März\", \"April\", \"Mai\", \"Juni\", \"Juli\", \"August\", \"September\", \"Oktober\", \"November\", \"Dezember\"]\n[post]\nguest = \"Gasterl\"\n")
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := set.locale("de-AT")
	if got := l.calendar.write(l.calendar.date, time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)); got != "Montag, 5. Jänner 2026" {
		t.Errorf("the date is %q", got)
	}
	for key, want := range map[string]string{"post.guest": "Gasterl", "thread.locked": set.locale("de").mustText("thread.locked")} {
		if got := l.mustText(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := set.adminLocale("de-AT").tag.String(); got != "de-AT" {
		t.Errorf("the admin pages are in %s, want de-AT with the words of de", got)
	}
}

// The dates of the shipped languages are those of the CLDR, except where a language has its reason.
func TestLocales_DatesAgreeWithCLDR(t *testing.T) {
	for _, lazy := range load(t).locales {
		l := lazy.locale()
		var names locales.Translator
		for _, tag := range parents(l.tag) {
			if create := cldrNames[tag.String()]; create != nil && names == nil {
				names = create()
			}
		}
		if l.tag == language.English {
			names = en_GB.New() // the CLDR's en is American
		}
		var pairs []string
		for i, r := range l.calendar.digits {
			pairs = append(pairs, strconv.Itoa(i), string(r))
		}
		digit := strings.NewReplacer(pairs...) // the module writes all dates with European digits
		for day := range 366 {
			at := time.Date(2028, 1, 1+day, 9, 5, 0, 0, time.UTC)
			if got, want := l.calendar.write(l.calendar.date, at), digit.Replace(names.FmtDateFull(at)); got != want {
				t.Fatalf("%s: a date is %q, want %q", l.tag, got, want)
			}
			if got, want := l.calendar.write(l.calendar.day, at), digit.Replace(names.FmtDateLong(at)); got != want {
				t.Fatalf("%s: a day is %q, want %q", l.tag, got, want)
			}
		}
	}
}

// estonianNames begin a locale file of a language that cldrNames does not have.
const estonianNames = `[time]
months         = ["jaanuar", "veebruar", "märts", "aprill", "mai", "juuni", "juuli", "august", "september", "oktoober", "november", "detsember"]
months_short   = ["jaan", "veebr", "märts", "apr", "mai", "juuni", "juuli", "aug", "sept", "okt", "nov", "dets"]
weekdays       = ["pühapäev", "esmaspäev", "teisipäev", "kolmapäev", "neljapäev", "reede", "laupäev"]
weekdays_short = ["P", "E", "T", "K", "N", "R", "L"]
`

func TestLocale_WithoutWordsForAdminsTheyReadEnglish(t *testing.T) {
	dir := t.TempDir()
	overlayFile(t, dir, "locales/et.toml", strings.Replace(strings.Replace(shippedFile(t, "locales/en.toml"), "[time]\n", estonianNames, 1), "title            = \"Your email settings\"", "title            = \"Meilid\"", 1))
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	site, _ := set.Sample()
	site.Locale = "et"
	p := set.Pages(site, "")
	if got := p.Language("et").Tag(); got != "et" {
		t.Errorf("the pages for members are in %s, want et", got)
	}
	if got := p.AdminLanguage("et").Tag(); got != "en" {
		t.Errorf("the admin pages are in %s, want en", got)
	}
	if got := p.AdminLanguage("et, de;q=0.5").Tag(); got != "de" {
		t.Errorf("the admin pages of an admin who also reads German are in %s, want de", got)
	}
	if got := set.Reason("et", digest.OwnPost.Phrase()); got != "own post" {
		t.Errorf("a reason is %q, want English", got)
	}
	if what, fix := set.NewRenderer(site, 1).AlarmText("relay", ""); what != "The relay cannot be reached" || fix == "" {
		t.Errorf("an alarm says %q, %q, want English", what, fix)
	}
}

func TestLocale_WordsForAdminsMayBeInTheFileOfMembers(t *testing.T) {
	dir := t.TempDir()
	overlayFile(t, dir, "locales/de.toml", shippedFile(t, "locales/de.toml")+"\n[alarm]\nrelay = \"Kein Anschluss\"\n")
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	site, _ := set.Sample()
	site.Locale = "de"
	if what, _ := set.NewRenderer(site, 1).AlarmText("relay", ""); what != "Kein Anschluss" {
		t.Errorf("an alarm says %q, want the own words", what)
	}
}

// FuzzPieces checks that the pieces of a text add up to the text.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{"", "{n} new threads", "{what} in {section}", "{", "}{", "{}", "{{n}}", "a } b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ps, err := pieces(s)
		if err != nil {
			return
		}
		var got string
		for _, p := range ps {
			if p.placeholder != "" {
				got += "{" + p.placeholder + "}"
			}
			got += p.text
		}
		if got != s {
			t.Errorf("pieces(%q) joined are %q", s, got)
		}
	})
}

// FuzzLocale checks that any locale file is either read or rejected with an error.
func FuzzLocale(f *testing.F) {
	src, err := overlayFS{}.read("locales/de.toml")
	if err != nil {
		f.Fatal(err)
	}
	ref, err := readReference()
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range localeParts(src) {
		f.Add(part)
	}
	f.Add("[time]\n[a]\nb = 1\nc = {one = 2}\n")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > maxFuzzed {
			return
		}
		l, err := readLocale("de.toml", "de.toml", src, ref, nil)
		if err != nil {
			return
		}
		for key := range l.messages {
			l.mustText(key, "n", 3)
		}
		for _, at := range []time.Time{time.Unix(0, 0), time.Date(2028, 9, 30, 23, 59, 0, 0, time.UTC)} { // not all days: that takes longer than the rest
			if l.formatTime(at, false).html.Size == 0 {
				t.Errorf("the time %v has no length", at)
			}
		}
	})
}

// maxFuzzed is the longest locale that is checked, in bytes: a whole one takes milliseconds.
const maxFuzzed = 1200

// localeParts splits a locale into files with its calendar and one more table each.
func localeParts(src string) (parts []string) {
	tables := strings.Split(src, "\n[")
	common := ""
	for _, table := range tables {
		if strings.HasPrefix(table, "time]") || strings.HasPrefix(table, "[time]") {
			common += "[" + strings.TrimPrefix(table, "[") + "\n"
		}
	}
	for _, table := range tables {
		if part := common + "[" + table + "\n"; len(part) < maxFuzzed && !strings.Contains(common, table) {
			parts = append(parts, part)
		}
	}
	return append(parts, common)
}

// A text that counts has a form for one: no page and no email says "1 addresses".
func TestLocales_OneIsSingular(t *testing.T) {
	one := regexp.MustCompile(`\bone *= *"([^"]*)"`)
	for name, plural := range map[string]*regexp.Regexp{
		"en.toml": regexp.MustCompile(`\b1 (more |of |new )?[a-z]+(ses|[^s]s)\b`),
		"de.toml": regexp.MustCompile(`\b1 (weitere |neue )?(Beiträge|Mitglieder|Nachrichten|Adressen|Themen|Foren|Tage|Stunden|Minuten)\b`),
	} {
		for i, text := range strings.Split(shippedFile(t, "locales/"+name)+shippedFile(t, "locales/admin/"+name), "\n") {
			key, value, _ := strings.Cut(text, "=")
			forms := []string{value}
			if m := one.FindStringSubmatch(value); m != nil {
				forms = m[1:]
			}
			for _, form := range forms {
				if found := plural.FindString(strings.ReplaceAll(form, "{n}", "1")); found != "" {
					t.Errorf("%s, line %d of both files: %s says %q", name, i+1, strings.TrimSpace(key), found)
				}
			}
		}
	}
}
