// Package dnstest provides a DNS server for tests, on the loopback interface.
package dnstest

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Server serves a zone and no other names. It stops at the end of its test.
type Server struct {
	Address string // "127.0.0.1:34567", by UDP and by TCP

	mu      sync.Mutex
	records map[string][]dns.RR // by name, in lower case
	broken  map[string]bool
	asked   []string
}

// New starts a server. zone is in zone file syntax: "example.org. IN TXT \"v=spf1 -all\"".
func New(t testing.TB, zone string) *Server {
	t.Helper()
	s := &Server{records: make(map[string][]dns.RR), broken: make(map[string]bool)}
	s.Add(t, zone)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("opening the DNS server: %v", err)
	}
	s.Address = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", s.Address)
	if err != nil {
		t.Fatalf("opening the DNS server: %v", err)
	}
	for _, server := range []*dns.Server{{Listener: tcp, Handler: s}, {PacketConn: udp, Handler: s}} {
		ready := make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		ended := make(chan error, 1)
		go func() { ended <- server.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() {
			server.Shutdown()
			<-ended
		})
	}
	return s
}

// Add adds records to the zone.
func (s *Server) Add(t testing.TB, zone string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	parser := dns.NewZoneParser(strings.NewReader(zone), ".", "")
	parser.SetDefaultTTL(60)
	for r, more := parser.Next(); more; r, more = parser.Next() {
		name := strings.ToLower(r.Header().Name)
		s.records[name] = append(s.records[name], r)
	}
	if err := parser.Err(); err != nil {
		t.Fatalf("reading the zone: %v", err)
	}
}

// Remove removes all records of a name.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, dns.Fqdn(strings.ToLower(name)))
}

// Break makes queries for a name fail (SERVFAIL).
func (s *Server) Break(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[dns.Fqdn(strings.ToLower(name))] = true
}

// Asked returns the name of each query so far.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// ServeDNS implements dns.Handler.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	s.mu.Lock()
	answer := s.answer(query)
	s.mu.Unlock()
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		size := dns.MinMsgSize
		if edns := query.IsEdns0(); edns != nil {
			size = int(edns.UDPSize())
		}
		answer.Truncate(size)
	}
	_ = w.WriteMsg(answer)
}

func (s *Server) answer(query *dns.Msg) *dns.Msg {
	answer := new(dns.Msg).SetReply(query)
	answer.RecursionAvailable = true
	q := query.Question[0]
	name := strings.ToLower(q.Name)
	s.asked = append(s.asked, strings.TrimSuffix(name, "."))
	if s.broken[name] {
		answer.Rcode = dns.RcodeServerFailure
		return answer
	}
	if len(s.records[name]) == 0 {
		answer.Rcode = dns.RcodeNameError
	}
	for range 8 { // follow aliases
		next := ""
		for _, r := range s.records[name] {
			alias, isAlias := r.(*dns.CNAME)
			switch {
			case r.Header().Rrtype == q.Qtype:
				answer.Answer = append(answer.Answer, r)
			case isAlias:
				answer.Answer = append(answer.Answer, r)
				next = strings.ToLower(alias.Target)
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	return answer
}
