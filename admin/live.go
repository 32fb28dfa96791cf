package admin

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// livePolicy also allows the connection of our own script to us.
const livePolicy = scriptPolicy + "; connect-src 'self'"

const (
	// streamDuration is how long a stream lasts before the browser reconnects: shorter than any request may take.
	streamDuration = 15 * time.Second
	// pollInterval is how often the page's data is polled. Large audiences take longer: then each second of work is followed by
	// pollFactor seconds of rest for the store.
	pollInterval = time.Second
	pollFactor   = 20
)

// event is a server-sent event: its name and data. No name: nothing new.
type event struct{ name, data string }

// reloadEvent makes the browser reload the page. It ends the stream.
const reloadEvent = "reload"

// dataLineBreaks prefixes each line of an event's data. Members' names may contain any of the three line breaks that a stream knows.
var dataLineBreaks = strings.NewReplacer("\r\n", "\ndata: ", "\r", "\ndata: ", "\n", "\ndata: ")

// stream sends what poll returns to the browser, as server-sent events, until poll returns a reloadEvent.
func (v *request) stream(poll func() (event, error)) {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or nginx buffers the stream
	out := http.NewResponseController(v.w)
	fmt.Fprint(v.w, "retry: 500\n\n")
	end := time.After(streamDuration)
	for {
		began := time.Now()
		e, err := poll()
		if err != nil {
			v.Log.Warn("event stream failed", "page", v.r.Pattern, "err", err)
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
		case <-end:
			return
		case <-time.After(max(pollInterval, pollFactor*time.Since(began))):
		}
	}
}

// live streams the progress of an announcement: "live" carries the changing part of the page; a change of state reloads it.
func (s *Server) live(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	shown, last := v.r.URL.Query().Get("state"), ""
	v.stream(func() (event, error) {
		html, state, err := s.renderLivePart(v, id)
		switch {
		case err != nil:
			return event{}, err
		case state != shown:
			return event{reloadEvent, state}, nil
		case string(html) == last:
			return event{}, nil
		}
		last = string(html)
		return event{"live", last}, nil
	})
}

// renderLivePart renders the changing part of the page, and returns the state that it shows.
func (s *Server) renderLivePart(v *request, id int64) (html []byte, state string, err error) {
	view, err := s.loadProgress(v, id)
	if err != nil {
		return nil, "", err
	}
	view.pageFrame.Root = v.basePath
	html, err = v.Pages.RenderPart(v.language, "admin/announcement", "live", view)
	return html, view.StateKey(), err
}

// StateKey names what makes the page look different: the state, and whether the audience is counted.
func (v announcementView) StateKey() string {
	switch {
	case v.Counted && !v.AudienceCount.Finished:
		return v.State + "-counting"
	case v.CanaryUntil.IsZero():
		return v.State
	}
	return v.State + "-waits"
}
