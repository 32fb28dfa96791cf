package admin

import "time"

// chart is a bar chart, drawn on the server, so that pages without scripts can show it.
type chart struct {
	Name  string
	Bars  []bar
	Width int // in units of the drawing, like X, Y and Height of bars
	Total int
	Max   int // the highest value
}

// bar is a value at a time.
type bar struct {
	X, Y, Height int
	At           time.Time
	Value        int
}

const (
	barWidth     = 16
	barStep      = 20
	chartHeight  = 100
	minBarHeight = 2 // keeps small values visible
)

// newChart draws values in a row. The highest gets the full height.
func newChart(name string, at []time.Time, values []int) chart {
	c := chart{Name: name, Width: barStep * len(values)}
	for _, v := range values {
		c.Max = max(c.Max, v)
		c.Total += v
	}
	for i, v := range values {
		height := 0
		if v > 0 {
			height = max(chartHeight*v/c.Max, minBarHeight)
		}
		c.Bars = append(c.Bars, bar{X: i*barStep + (barStep-barWidth)/2, Y: chartHeight - height, Height: height, At: at[i], Value: v})
	}
	return c
}

// First is the time of the first bar.
func (c chart) First() time.Time { return c.Bars[0].At }

// Last is the time of the last bar.
func (c chart) Last() time.Time { return c.Bars[len(c.Bars)-1].At }
