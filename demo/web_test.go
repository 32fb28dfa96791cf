package demo

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const hostile = "From: \"<img src=x onerror=alert(1)>\" <a@b.example>\r\n" +
	"To: \"</li><script>alert(1)</script>\" <x@y.example>\r\n" +
	"Subject: \"><script>alert('subject')</script>\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n\r\n" +
	"<html><head></head><body onload=alert(1)><script>alert('body')</script><img src=https://tracker.example/p.gif></body></html>\r\n"

// get requests a page of the inbox.
func get(t *testing.T, i *Inbox, url string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
	return w
}

func TestPages_EscapeHostileMessages(t *testing.T) {
	i := newInbox(t)
	i.add("\"><script>alert('to')</script>@y.example", []byte(hostile))
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<[^>]+\s(on[a-z]+|style)=|javascript:|<img src=x|<base`)
	for _, url := range []string{"/", "/?member=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/mail/1", "/mail/1?as=text", "/mail/1?as=source", "/mail/1?as=%3Cscript%3E", "/mail/99", "/mail/%3Cscript%3E"} {
		w := get(t, i, url)
		if found := inline.FindString(w.Body.String()); found != "" {
			t.Errorf("%s: the page has %q", url, found)
		}
		if csp := w.Header().Get("Content-Security-Policy"); csp != pagePolicy || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", url, csp)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: missing X-Content-Type-Options", url)
		}
	}
}

func TestPages_LoadNothingExternal(t *testing.T) {
	i := newInbox(t)
	i.add("kate@passengers.example", []byte(twoParts))
	for _, url := range []string{"/", "/mail/1", "/mail/99", "/inbox.css", "/inbox.js"} {
		w := get(t, i, url)
		if page := w.Body.String(); strings.Contains(page, "://") || len(page) < 100 {
			t.Errorf("%s contains an external address or is empty", url)
		}
	}
}

func TestPages_ShowMessageInSandbox(t *testing.T) {
	i := newInbox(t)
	i.add("x@y.example", []byte(hostile))
	page := get(t, i, "/mail/1").Body.String()
	frame := regexp.MustCompile(`<iframe [^>]*>`).FindString(page)
	if !strings.Contains(frame, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) || !strings.Contains(frame, `src="/mail/1/body"`) {
		t.Errorf("the frame is %s", frame)
	}
	w := get(t, i, "/mail/1/body")
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "sandbox ") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("the message's policy is %q", csp)
	}
	for _, never := range []string{"allow-scripts", "allow-same-origin", "allow-forms", "allow-top", "script-src", "http"} {
		if strings.Contains(csp+frame, never) {
			t.Errorf("the message's policy or sandbox contains %s", never)
		}
	}
	if !strings.Contains(w.Body.String(), `<head><base target="_blank"></head>`) {
		t.Error("links do not open in a new tab")
	}
}

func TestPages_ReturnSourceUnchanged(t *testing.T) {
	i := newInbox(t)
	i.add("x@y.example", []byte(hostile))
	w := get(t, i, "/mail/1/source.eml")
	if w.Body.String() != hostile || w.Header().Get("Content-Type") != "message/rfc822" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("got %v %q", w.Header(), w.Body)
	}
}

func TestPages_FilterByMember(t *testing.T) {
	i := newInbox(t)
	i.add("kate@passengers.example", []byte("Subject: for kate\r\n\r\nx"))
	i.add("lars@passengers.example", []byte("Subject: for lars\r\n\r\nx"))
	page := get(t, i, "/?member=kate@passengers.example").Body.String()
	if !strings.Contains(page, "for kate") || strings.Contains(page, "for lars") {
		t.Errorf("the page is\n%s", page)
	}
	if !strings.Contains(page, `href="/mail/1?member=kate%40passengers.example"`) {
		t.Error("the link does not keep the filter")
	}
	page = get(t, i, "/?member=aino@passengers.example").Body.String()
	if !strings.Contains(page, `<option value="aino@passengers.example" selected>`) || !strings.Contains(page, "No emails to aino@passengers.example yet") {
		t.Errorf("the page of a member without emails is\n%s", page)
	}
}

func TestPages_MissingMessageIsNotFound(t *testing.T) {
	for _, url := range []string{"/mail/1", "/mail/1/body", "/mail/1/source.eml", "/mail/x", "/nothing"} {
		if got := get(t, newInbox(t), url).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", url, got)
		}
	}
}

// event is a server-sent event.
type event struct{ id, name, data string }

// readEvents reads the inbox's events, skipping the clock's after the first.
func readEvents(t *testing.T, i *Inbox, query, lastID string) func() event {
	t.Helper()
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	t.Cleanup(func() { i.Close() }) // before the server, which waits for the stream
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/events?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("Content-Type %q", got)
	}
	lines, clocks := bufio.NewScanner(response.Body), 0
	return func() event {
		var e event
		for lines.Scan() {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case key == "id":
				e.id = value
			case key == "event":
				e.name = value
			case key == "data":
				e.data = value
			case e.name == "clock" && clocks > 0:
				e = event{}
			default:
				if e.name == "clock" {
					clocks++
				}
				return e
			}
		}
		return event{name: "end"}
	}
}

func TestEvents_SendNewMessages(t *testing.T) {
	i := newInbox(t)
	i.add("kate@passengers.example", []byte("Subject: before\r\n\r\nx"))
	next := readEvents(t, i, "after=1", "")
	if e := next(); e != (event{"", "clock", "Mon 4 May, 12:00"}) {
		t.Errorf("the first event is %v", e)
	}
	i.add("x@y.example", []byte(hostile))
	e := next()
	var row string
	if err := json.Unmarshal([]byte(e.data), &row); err != nil || e.id != "2" || e.name != "mail" {
		t.Fatalf("the second event is %v (%v)", e, err)
	}
	if !strings.Contains(row, `href="/mail/2"`) || strings.Contains(row, "<script") {
		t.Errorf("the row is %s", row)
	}
}

func TestEvents_ResumeAfterReconnect(t *testing.T) {
	i := newInbox(t)
	for _, to := range []string{"kate@x.example", "lars@x.example", "kate@x.example", "kate@x.example"} {
		i.add(to, []byte("Subject: s\r\n\r\nx"))
	}
	next := readEvents(t, i, "after=0&member=kate@x.example", "1")
	if a, b := next(), next(); a.id != "3" || b.id != "4" {
		t.Errorf("got messages %s and %s, want 3 and 4", a.id, b.id)
	}
}

func TestEvents_EndOnClose(t *testing.T) {
	i := newInbox(t)
	next := readEvents(t, i, "", "")
	next()
	i.Close()
	if e := next(); e.name != "end" {
		t.Errorf("the event after Close is %v", e)
	}
}

func TestPages_ShowClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		i := NewInbox(func() time.Time { return noon.Add(600 * time.Since(start)) })
		defer i.Close()
		time.Sleep(time.Hour) // fake time, in the bubble
		if page := get(t, i, "/").Body.String(); !strings.Contains(page, "runs 600 times faster") || !strings.Contains(page, "Fri 29 May, 12:00") {
			t.Errorf("the page is\n%s", page)
		}
	})
}
