package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// events sends server-sent events to a page: "mail" with a row of the list, for each message after the last one that the
// page has, and "clock" with the time of the demo.
func (i *Inbox) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	member := r.FormValue("member")
	// A browser that reconnects sends the ID of the last event it received.
	seen, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	if err != nil {
		seen, _ = strconv.Atoi(r.FormValue("after"))
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		news, arrival := i.since(seen)
		for _, m := range news {
			seen = m.ID
			if member == "" || m.To.Address == member {
				i.sendRow(w, m, member)
			}
		}
		if _, err := fmt.Fprintf(w, "event: clock\ndata: %s\n\n", formatTime(i.clock())); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-arrival:
		case <-tick.C:
		case <-i.closed:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// sendRow sends the row of one message. JSON keeps it on one line.
func (i *Inbox) sendRow(w http.ResponseWriter, m *Message, member string) {
	var b strings.Builder
	if i.pages.ExecuteTemplate(&b, "row", row{Message: m, Member: member}) != nil {
		return
	}
	line, err := json.Marshal(b.String())
	if err != nil {
		return
	}
	fmt.Fprintf(w, "id: %d\nevent: mail\ndata: %s\n\n", m.ID, line)
}
