package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// events tells a page what happens, as server-sent events: "mail" with a row of the list, once for
// each mail after the number that the page has already, and "clock" with the time of the demo.
func (i *Inbox) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	member := r.FormValue("member")
	// A browser that comes back after a break says by itself what it had last.
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
				i.tell(w, m, member)
			}
		}
		if _, err := fmt.Fprintf(w, "event: clock\ndata: %s\n\n", clockFace(i.clock())); err != nil {
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

// tell sends one mail's row. JSON keeps it on one line.
func (i *Inbox) tell(w http.ResponseWriter, m *Message, member string) {
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
