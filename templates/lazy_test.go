package templates

import (
	"slices"
	"sync"
	"testing"
)

// Several goroutines may be the first to need a language, and its copies of the templates.
func TestSet_BindsLanguagesConcurrently(t *testing.T) {
	set, err := loadFrom("", Brand{})
	if err != nil {
		t.Fatal(err)
	}
	site, _ := set.Sample()
	p := set.NewRenderer(site, 16)
	var sent sync.WaitGroup
	for _, tag := range slices.Repeat([]string{"de", "ja", "zh-Hant"}, 3) {
		sent.Go(func() {
			if _, err := p.Confirmation(sampleConfirmation(tag, false)); err != nil {
				t.Error(err)
			}
			_, d := set.Sample()
			d.Member.Locale = tag
			if _, err := p.Digest(d, sampleFooter(site), 80<<10); err != nil {
				t.Error(err)
			}
		})
	}
	sent.Wait()
}
