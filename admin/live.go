package admin

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// livePolicy lets our own script run and listen to us, besides what pagePolicy does.
const livePolicy = pagePolicy + "; script-src 'self'; connect-src 'self'"

const (
	// streamDuration is how long a stream lasts before the browser asks for the next: shorter than any request may take.
	streamDuration = 15 * time.Second
	// pollInterval is how often what a page shows is looked at. The larger that is the longer it takes, and then it is done less often:
	// for each second of work the store has pollFactor seconds of rest.
	pollInterval = time.Second
	pollFactor   = 20
)

// event is what a stream has to say: its name and its data. No name: nothing new.
type event struct{ name, data string }

// reloadEvent says that there is more to see now, so that the page must be loaded anew. It ends the stream.
const reloadEvent = "turn"

// dataLineBreaks begins each line of what an event says anew. Names may have any of the three line ends that a stream knows in them.
var dataLineBreaks = strings.NewReplacer("\r\n", "\ndata: ", "\r", "\ndata: ", "\n", "\ndata: ")

// stream tells a browser what look finds, as server-sent events, until look gives a turn.
func (v *request) stream(look func() (event, error)) {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or nginx keeps it to itself
	out := http.NewResponseController(v.w)
	fmt.Fprint(v.w, "retry: 500\n\n")
	over := time.After(streamDuration)
	for {
		began := time.Now()
		e, err := look()
		if err != nil {
			v.Log.Warn("stream ended", "page", v.r.Pattern, "err", err)
			return
		}
		if e.name != "" {
			fmt.Fprintf(v.w, "event: %s\ndata: %s\n\n", e.name, dataLineBreaks.Replace(e.data))
		}
		if out.Flush() != nil || e.name == reloadEvent {
			return
		}
		select {
		case <-v.r.Context().Done():
			return
		case <-v.stopped:
			return
		case <-over:
			return
		case <-time.After(max(pollInterval, pollFactor*time.Since(began))):
		}
	}
}

// live tells how far an announcement has come: "live" brings what the page shows of it, and it turns when its state does.
func (s *Server) live(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	was, last := v.r.URL.Query().Get("state"), ""
	v.stream(func() (event, error) {
		part, state, err := s.renderLivePart(v, id)
		switch {
		case err != nil:
			return event{}, err
		case state != was:
			return event{reloadEvent, state}, nil
		case string(part) == last:
			return event{}, nil
		}
		last = string(part)
		return event{"live", last}, nil
	})
}

// renderLivePart is the part of the page that moves, and the state that it shows.
func (s *Server) renderLivePart(v *request, id int64) (part []byte, state string, err error) {
	view, err := s.loadProgress(v, id)
	if err != nil {
		return nil, "", err
	}
	view.pageFrame.Root = v.basePath
	part, err = v.Pages.RenderPart(v.language, "admin/announcement", "live", view)
	return part, view.StateKey(), err
}

// StateKey names all that makes the page another one: its state, and whether its audience is counted.
func (v announcementView) StateKey() string {
	switch {
	case v.Counted && !v.AudienceCount.Finished:
		return v.State + "-counting"
	case v.CanaryUntil.IsZero():
		return v.State
	}
	return v.State + "-waits"
}
