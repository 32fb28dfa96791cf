package e2e

import (
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"postrider/internal/link"
	"postrider/metrics"
)

// killDaemon starts a daemon as a process for one round, and kills it with SIGKILL after its first message. Then the daemon in this
// process starts again.
func (l *life) killDaemon() {
	l.Helper()
	before := len(l.relay.messages())
	l.relay.set(relaySlow)
	l.relay.setKilling(true)
	p := start(l.T, l.binary, "run", "-c", l.path, "--once", "--now", l.clock().Format(time.RFC3339))
	for len(l.relay.messages()) == before && !hasEnded(p) {
		time.Sleep(time.Millisecond)
	}
	if !hasEnded(p) {
		_ = p.Process.Kill()
		l.kills++
	}
	<-p.done
	time.Sleep(100 * time.Millisecond) // the relay finishes what it received
	l.relay.setKilling(false)
	l.relay.set(relayWorks)
	l.checkArrived()
	l.restart()
}

// setKilling says whether messages come from a daemon that will be killed.
func (r *lifeRelay) setKilling(killing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killing = killing
}

// lockTable locks a table for longer than the daemon waits for a statement.
func (l *life) lockTable() {
	l.Helper()
	conn := mustLife(l.db.Conn(l.Context()))(l.lifeWorld)
	mustLife(conn.ExecContext(l.Context(), "LOCK TABLES mybb_posts WRITE"))(l.lifeWorld)
	time.AfterFunc(3*time.Second, func() { unlock(l, conn) })
}

func unlock(l *life, conn *sql.Conn) {
	if _, err := conn.ExecContext(l.Context(), "UNLOCK TABLES"); err != nil {
		l.Errorf("unlocking: %v", err)
	}
	conn.Close()
}

// rejectMembers makes the relay reject the addresses of some members from now on.
func (l *life) rejectMembers() {
	l.relay.mu.Lock()
	defer l.relay.mu.Unlock()
	for range 2 {
		m := l.forumModel.anyMember()
		l.relay.rejects[m.address], m.disturbed = true, "rejected"
	}
}

// unsubscribe unsubscribes a random member with one click.
func (l *life) unsubscribe() {
	l.Helper()
	m := l.forumModel.anyMember()
	m.disturbed = "unsubscribed"
	scope := []link.Scope{link.Digests, link.Alerts, link.Everything}[l.forumModel.random.IntN(3)]
	l.post(link.Claims{Scope: scope, Member: m.id}, url.Values{"List-Unsubscribe": {"One-Click"}}, http.StatusOK)
}

// changePreferences submits the settings of a random member. They still get everything, at other times.
func (l *life) changePreferences() {
	l.Helper()
	m, random := l.forumModel.anyMember(), l.forumModel.random
	l.post(link.Claims{Scope: link.Settings, Member: m.id}, url.Values{
		"cadence": {"hours"}, "every": {strconv.Itoa(1 + random.IntN(3))}, "hour": {"8"}, "weekday": {"1"}, "day": {"1"}, "zone": {"UTC"},
		"locale": {[]string{"en", "de"}[random.IntN(2)]}, "format": {[]string{"html", "text"}[random.IntN(2)]}, "excerpt": {"300"},
		"announcements": {"yes"}, "alerts": {[]string{"first", "every"}[random.IntN(2)]}, "quiet_from": {"22"}, "quiet_until": {"7"}, "pause": {""},
	}, http.StatusSeeOther)
}

// post sends a form to the page of a link.
func (l *life) post(claims link.Claims, form url.Values, want int) {
	l.Helper()
	r := httptest.NewRequestWithContext(l.Context(), http.MethodPost, l.deps.Links.URL(claims), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	l.pages.ServeHTTP(answer, r)
	if answer.Code != want {
		l.fault("%s for member %d: status %d, want %d\n%s", link.Path(claims.Scope), claims.Member, answer.Code, want, words(answer.Body.String()))
	}
}

// checkMetrics compares the counters of the daemon in this process with the relay's record.
func (l *life) checkMetrics() {
	l.Helper()
	answer := httptest.NewRecorder()
	handler := l.counts.Handler(metrics.Sources{Daemon: l.daemon, Store: l.store, Forum: l.forum}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(l.Context(), http.MethodGet, "/metrics", nil))
	counted := map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^postrider_messages_total\{.*outcome="(\w+)"\} (\d+)$`).FindAllStringSubmatch(answer.Body.String(), -1) {
		n, _ := strconv.Atoi(line[2])
		counted[line[1]] += n
	}
	accepted, uncertain := 0, 0
	for _, d := range l.relay.messages() {
		switch {
		case d.killed: // that daemon had its own counters
		case d.replied:
			accepted++
		default:
			uncertain++
		}
	}
	// Those that a killed daemon had in flight, and those that could not be repeated because nothing was left.
	const stopped = "reason LIKE 'the daemon stopped%'"
	uncertain += int(l.postgres.QueryInt("SELECT count(*) FROM outcome WHERE " + stopped))
	uncertain += int(l.postgres.QueryInt("SELECT count(*) FROM outbox WHERE state = 'uncertain' AND (result = 'skipped' OR " + stopped + ")"))
	if counted["accepted"] != accepted || counted["uncertain"] != uncertain {
		l.fault("the counters are %v, but %d messages were accepted and %d were uncertain", counted, accepted, uncertain)
	}
}
