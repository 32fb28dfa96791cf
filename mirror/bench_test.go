package mirror

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkIngest stores 100,000 posts of 1,000 threads in ten requests, deletes 10,000 of them, and sends 10,000 again.
func BenchmarkIngest(b *testing.B) {
	list := func(n int, each func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = each(i)
		}
		return strings.Join(all, ",")
	}
	posts := func(from int) string {
		return `{"sections":[{"id":"s","title":"S"}],"threads":[` + list(1000, func(i int) string { return fmt.Sprintf(`{"id":"t%d","section":"s","title":"T"}`, i) }) +
			`],"posts":[` + list(10_000, func(i int) string {
			return fmt.Sprintf(`{"id":"p%d","thread":"t%d","author":"u%d","html":"<p>A text of some words."}`, from+i, i%1000, i%100)
		}) + "]}"
	}
	for b.Loop() {
		db, err := Open(b.Context(), "sqlite:"+b.TempDir()+"/mirror.db")
		if err != nil {
			b.Fatal(err)
		}
		store := func(name string, requests ...string) {
			start := time.Now()
			for i, text := range requests {
				r, err := ParseRequest([]byte(text))
				if err == nil {
					_, err = db.Ingest(b.Context(), fmt.Sprint(name, i), r, noon)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(time.Since(start).Seconds(), "s/"+name)
		}
		var all []string
		for i := range 10 {
			all = append(all, posts(i*10_000))
		}
		store("posts", all...)
		store("deletions", `{"deletions":[`+list(10_000, func(i int) string { return fmt.Sprintf(`{"post":"p%d"}`, 9*i) })+"]}")
		store("again", posts(50_000))
		db.Close()
	}
}
