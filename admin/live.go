package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// livePolicy lets our own script run and listen to us, besides what pagePolicy does.
const livePolicy = pagePolicy + "; script-src 'self'; connect-src 'self'"

const (
	// liveFor is how long a stream lasts before the browser asks for the next: shorter than any request may take.
	liveFor = 15 * time.Second
	// liveEvery is how often an announcement is looked at. The larger it is the longer that takes, and then it is done less often:
	// for each second of work the store has liveRest seconds of rest.
	liveEvery = time.Second
	liveRest  = 20
)

// live tells a browser how far an announcement has come, as server-sent events: "live" brings what the page shows of it,
// "turn" says that there is more to see now, so that the page must be loaded anew.
func (s *Server) live(v *visit) {
	id, ok := v.number()
	if !ok {
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or nginx keeps it to itself
	out := http.NewResponseController(v.w)
	fmt.Fprint(v.w, "retry: 500\n\n")
	over := time.After(liveFor)
	was := v.r.URL.Query().Get("state")
	var last []byte
	for {
		began := time.Now()
		part, state, err := s.livePart(v, id)
		switch {
		case err != nil:
			v.Log.Warn("stream ended", "announcement", id, "err", err)
			return
		case state != was:
			fmt.Fprint(v.w, "event: turn\ndata: "+state+"\n\n")
		case !bytes.Equal(part, last):
			fmt.Fprintf(v.w, "event: live\ndata: %s\n\n", bytes.ReplaceAll(part, []byte("\n"), []byte("\ndata: ")))
			last = part
		}
		if out.Flush() != nil || state != was {
			return
		}
		select {
		case <-v.r.Context().Done():
			return
		case <-s.stopped:
			return
		case <-over:
			return
		case <-time.After(max(liveEvery, liveRest*time.Since(began))):
		}
	}
}

// livePart is the part of the page that moves, and the state that it shows.
func (s *Server) livePart(v *visit, id int64) (part []byte, state string, err error) {
	view, err := s.course(v, id)
	if err != nil {
		return nil, "", err
	}
	view.top.Root = v.base
	part, err = v.Pages.RenderPart(v.tongue, "admin/announcement", "live", view)
	return part, view.Turn(), err
}

// Turn names all that makes the page another one: its state, and whether its audience is counted.
func (v announcementView) Turn() string {
	switch {
	case v.Counted && !v.Tally.Over:
		return v.State + "-counting"
	case v.CanaryUntil.IsZero():
		return v.State
	}
	return v.State + "-waits"
}
