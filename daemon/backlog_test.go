package daemon

import (
	"testing"
	"time"
)

func TestBacklog_ReportsRepeatedGrowth(t *testing.T) {
	tests := []struct {
		name   string
		counts []int // every five minutes
		want   string
	}{
		{"empty queue", []int{0, 0, 0, 0, 0, 0}, "......"},
		{"an hour's editions", []int{0, 9000, 6000, 3000, 0, 0}, "......"},
		{"growing", []int{0, 200, 400, 600, 800, 900}, "...!!!"},
		{"growing, but too small to matter", []int{0, 20, 40, 60, 80, 99}, "......"},
		{"growing with an interruption", []int{0, 200, 400, 400, 600, 700, 800}, "......!"},
		{"staying high", []int{0, 200, 400, 600, 600, 500, 400}, "...!!!!"},
		{"half of it sent", []int{0, 200, 400, 600, 800, 400, 300}, "...!!.."},
		{"falling below the minimum", []int{0, 50, 80, 110, 90, 95}, "...!.."},
		{"high from the start", []int{5000, 5000, 4000, 5000}, "...."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b backlog
			got := ""
			for i, n := range tt.counts {
				for minute := range 5 { // checked every minute
					at := worldStart.Add(time.Duration(i)*5*time.Minute + time.Duration(minute)*time.Minute)
					if grows := b.observe(n, at); minute == 0 && grows {
						got += "!"
					} else if minute == 0 {
						got += "."
					} else if grows != (got[len(got)-1] == '!') {
						t.Errorf("%d minutes later the result differs", minute)
					}
				}
			}
			if got != tt.want {
				t.Errorf("with %v the results are %s, want %s", tt.counts, got, tt.want)
			}
		})
	}
}
