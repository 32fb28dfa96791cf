package mirror

import (
	"strings"
	"testing"
)

func TestParseFeed_RefusesShapesThatTakeTooMuchMemoryOrTime(t *testing.T) {
	channel := func(content string) string {
		return `<rss version="2.0"><channel><item><guid>1</guid>` + content + `</item></channel></rss>`
	}
	for name, tt := range map[string]struct{ feed, want string }{
		"nested extensions":   {channel(`<a xmlns="u">` + strings.Repeat("<b>", 2000)), "levels deep"},
		"nested Atom content": {`<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">` + strings.Repeat("<b>", 2000), "levels deep"},
		"empty items":         {channel("</item>" + strings.Repeat("<item/>", 200_000) + "<item>"), "more than 100000 elements"},
		"attributes":          {channel("<a " + strings.Repeat(`b="" `, 200_000) + "/>"), "more than 100000 elements"},
		"comments":            {channel(strings.Repeat("<!---->", 200_000)), "more than 100000 elements"},
		"namespaces":          {channel(strings.Repeat(`<a xmlns:b="c">`, 300)), "namespaces"},
		"a text in pieces":    {channel("<title>" + strings.Repeat("x", 1<<20) + strings.Repeat("<![CDATA[x]]>", 2000) + "</title>"), "too many pieces"},
		"values of JSON":      {`{"version":"https://jsonfeed.org/version/1.1","items":[` + strings.Repeat("{},", 200_000) + `{}]}`, "more than 100000 values"},
		"JSON after a BOM":    {"\uFEFF" + `{"version":"https://jsonfeed.org/version/1.1","items":[` + strings.Repeat("0,", 200_000) + `0]}`, "more than 100000 values"},
		"after control bytes": {strings.Replace(channel(`<a xmlns="u">`+strings.Repeat("<b>", 2000)), "<guid>", "\x01<gu\x02id>", 1), "levels deep"},
		"in another character set": {`<?xml version="1.0" encoding="windows-1252"?>` + strings.Replace(channel(`<a xmlns="u">`+strings.Repeat("<b>", 2000)), "<guid>", "<guid>\xE9", 1),
			"levels deep"},
	} {
		if _, err := parseFeed([]byte(tt.feed)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func TestParseFeed_ReadsLargeFeeds(t *testing.T) {
	item := "<item><guid>1</guid>" + strings.Repeat("<category>a</category>", 30) + "<description>" + strings.Repeat("<p>x<br>\n", 200) + "</description></item>"
	for name, text := range map[string]string{
		"podcast":          strings.Repeat("<item>"+strings.Repeat("\n<category>a</category>", 30)+"</item>\n", 2000),
		"HTML not escaped": strings.Repeat(item, 100),
		"HTML in CDATA":    "<item><description><![CDATA[" + strings.Repeat("<p>x", 500_000) + "]]></description></item>",
	} {
		feed, err := parseFeed([]byte(`<rss version="2.0"><channel>` + text + `</channel></rss>`))
		if err != nil || len(feed.Items) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseFeed([]byte(`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","content_text":"` + strings.Repeat(`\"{,`, 200_000) + `"}]}`)); err != nil {
		t.Errorf("JSON: %v", err)
	}
}
