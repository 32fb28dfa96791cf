package templates

import (
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/internal/golden"
)

func TestConfirmation_Renders(t *testing.T) {
	set := load(t)
	site, _ := set.Sample()
	base := Confirmation{
		URL: "https://news.example.org/postrider/subscribe/" + strings.Repeat("Token", 40), Cadence: digest.Weekly, Validity: 48 * time.Hour,
		Sections: []string{"Local news", "Sport & <b>leisure</b>", "أخبار محلية"},
	}
	for _, tt := range []struct {
		name, locale string
		already      bool
	}{{"confirmation.en", "en", false}, {"confirmation.de", "de", false}, {"confirmation-already.en", "en", true}, {"confirmation-already.de", "de", true}} {
		t.Run(tt.name, func(t *testing.T) {
			c := base
			c.Locale, c.Already = tt.locale, tt.already
			got, err := set.NewRenderer(site, 1).Confirmation(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkTagBalance(got.HTML.Plain()); err != nil {
				t.Error(err)
			}
			golden.Files(t, tt.name, map[string]string{"html": got.HTML.Plain(), "txt": "Subject: " + got.Subject + "\n\n" + got.Text.Plain()})
		})
	}
}
