package admin

import (
	"testing"
	"time"
)

func TestChart_ScalesBars(t *testing.T) {
	t.Parallel()
	at := make([]time.Time, 5)
	c := newChart("sent", at, []int{0, 1, 50, 1000, 500})
	for i, want := range []struct{ y, height int }{{100, 0}, {98, 2}, {95, 5}, {0, 100}, {50, 50}} {
		if got := c.Bars[i]; got.Y != want.y || got.Height != want.height || got.X != 20*i+2 {
			t.Errorf("bar %d: %+v, want y %d, height %d", i, got, want.y, want.height)
		}
	}
	if c.Total != 1551 || c.Max != 1000 || c.Width != 100 {
		t.Errorf("total %d, max %d, width %d", c.Total, c.Max, c.Width)
	}
	for _, b := range newChart("sent", at, make([]int, 5)).Bars {
		if b.Height != 0 {
			t.Errorf("bar for zero has height %d", b.Height)
		}
	}
}
