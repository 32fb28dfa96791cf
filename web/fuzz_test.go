package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/internal/link"
	"postrider/store"
	"postrider/templates"
	"postrider/web"
)

// FuzzHook checks that only a call with the right signature and a recent time is accepted.
func FuzzHook(f *testing.F) {
	config := web.DefaultConfig()
	config.URL, config.HookSecret = "http://pages.example/postrider", strings.Repeat("s", 32)
	site := templates.Site{Name: "Upper Berth", URL: "http://pages.example", Locale: "en"}
	// A call of the forum needs neither its database nor the store.
	set := settings.Settings{Digest: settings.DefaultDigest(), Alerts: settings.DefaultAlerts()}
	pages := must(web.New(web.Deps{
		Members: members.New(nil, &store.Store{}, set),
		Links:   must(link.NewSigner(config.URL, bytes.Repeat([]byte{1}, 32)))(f), Pages: must(builtIn())(f).Pages(site, "/postrider"), Forum: site.Name,
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Wake: func() {},
	}, config))(f)
	now := strconv.FormatInt(time.Now().Unix(), 10)
	for _, body := range []string{"", "{}", `{"event":"post","id":7}`, "\x00\xff", strings.Repeat("[", 1000)} {
		f.Add(now, "sha256="+strings.Repeat("a", 64), body, "")
	}
	f.Add("9223372036854775807", "sha256=", "", "127.0.0.1, [::1]:80, x")
	f.Add("-1", "", "{}", "\xff")
	f.Fuzz(func(t *testing.T, at, signature, body, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://pages.example/postrider/hooks/forum", strings.NewReader(body))
		r.Header.Set("X-Postrider-Timestamp", at)
		r.Header.Set("X-Postrider-Signature", signature)
		r.Header.Set("X-Forwarded-For", forwarded)
		rec := httptest.NewRecorder()
		pages.ServeHTTP(rec, r)
		if rec.Code != http.StatusForbidden && rec.Code != http.StatusTooManyRequests {
			t.Errorf("status %d", rec.Code)
		}
	})
}

// FuzzExtractStyles checks that the styles of any message can be moved into its head, and that nothing else of it changes.
func FuzzExtractStyles(f *testing.F) {
	f.Add(`<html><head><style>p{color:red}</style></head><body><p class="a" style="color:blue">x</p><br style="a"/></body></html>`)
	f.Add(`<p style="}</style><script>">`)
	f.Add(`<style></head><p style='a{b'>&lt;`)
	f.Add("<p style=\"a\x00\" STYLE=b style><!-- <p style=c> --><textarea><p style=d></textarea>")
	f.Fuzz(func(t *testing.T, message string) {
		page, styles, err := web.ExtractStyles(message)
		if err != nil {
			return
		}
		if css := styles[len(styles)-1]; strings.Contains(css, "<") {
			t.Errorf("the stylesheet is %q", css)
		}
		if policy := web.MessagePolicy(styles); strings.ContainsAny(policy, "\r\n") {
			t.Errorf("policy %q", policy)
		}
		before, after := tagsOf(message), tagsOf(string(page))
		if at := slices.Index(after, "style"); at >= 0 && len(after) == len(before)+1 {
			return
		}
		if !strings.Contains(string(page), "<style>"+styles[len(styles)-1]+"</style>") {
			t.Errorf("the page lacks its stylesheet: %q", page)
		}
	})
}

// tagsOf lists the start tags of a page.
func tagsOf(page string) (list []string) {
	z := html.NewTokenizer(strings.NewReader(page))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if name, _ := z.TagName(); kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			list = append(list, string(name))
		}
	}
	return list
}
