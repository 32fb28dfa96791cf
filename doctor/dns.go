package doctor

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// DNS queries recursive resolvers. Unlike net.Resolver, it does not read the hosts file: its entry for this machine (on
// Debian 127.0.1.1) is not what other servers see.
type DNS struct {
	Servers []string      // "192.0.2.53:53"; queried in this order
	Timeout time.Duration // of one query to one server
}

// NewDNS queries one server ("192.0.2.53", "192.0.2.53:53"), or those of this machine if server is empty.
func NewDNS(server string) *DNS {
	servers := []string{server}
	if server == "" {
		servers = systemServers("/etc/resolv.conf")
	}
	for i, s := range servers {
		if _, _, err := net.SplitHostPort(s); err != nil {
			servers[i] = net.JoinHostPort(strings.Trim(s, "[]"), "53")
		}
	}
	return &DNS{Servers: servers, Timeout: 3 * time.Second}
}

// systemServers reads resolv.conf(5). Without one, it returns this machine.
func systemServers(path string) []string {
	var servers []string
	if f, err := os.Open(path); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "nameserver" {
				servers = append(servers, words[1])
			}
		}
	}
	if len(servers) == 0 {
		return []string{"127.0.0.1"}
	}
	return servers
}

// LookupTXT returns TXT records, with the strings of each joined.
func (d *DNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	var texts []string
	err := d.ask(ctx, name, dnsmessage.TypeTXT, func(r dnsmessage.ResourceBody) {
		texts = append(texts, strings.Join(r.(*dnsmessage.TXTResource).TXT, ""))
	})
	return texts, err
}

// LookupMX returns mail exchangers, preferred ones first.
func (d *DNS) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	var list []*net.MX
	err := d.ask(ctx, name, dnsmessage.TypeMX, func(r dnsmessage.ResourceBody) {
		mx := r.(*dnsmessage.MXResource)
		list = append(list, &net.MX{Host: mx.MX.String(), Pref: mx.Pref})
	})
	slices.SortStableFunc(list, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	return list, err
}

// LookupIPAddr returns IPv4 and IPv6 addresses.
func (d *DNS) LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error) {
	var list []net.IPAddr
	err4 := d.ask(ctx, name, dnsmessage.TypeA, func(r dnsmessage.ResourceBody) {
		a := r.(*dnsmessage.AResource).A
		list = append(list, net.IPAddr{IP: a[:]})
	})
	err6 := d.ask(ctx, name, dnsmessage.TypeAAAA, func(r dnsmessage.ResourceBody) {
		a := r.(*dnsmessage.AAAAResource).AAAA
		list = append(list, net.IPAddr{IP: a[:]})
	})
	switch {
	case err4 != nil && !missing(err4):
		return nil, err4
	case err6 != nil && !missing(err6):
		return nil, err6
	case len(list) == 0:
		return nil, err4
	}
	return list, nil
}

// LookupAddr returns the names of an address.
func (d *DNS) LookupAddr(ctx context.Context, address string) ([]string, error) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return nil, dnsError(address, err.Error(), true)
	}
	var names []string
	err = d.ask(ctx, reverseName(ip), dnsmessage.TypePTR, func(r dnsmessage.ResourceBody) {
		names = append(names, r.(*dnsmessage.PTRResource).PTR.String())
	})
	return names, err
}

// ask queries the servers in turn, twice, and calls each for every record of the given type.
func (d *DNS) ask(ctx context.Context, name string, kind dnsmessage.Type, each func(dnsmessage.ResourceBody)) error {
	id := uint16(rand.Uint32())
	query, err := question(id, name, kind)
	if err != nil {
		return dnsError(name, "invalid name", true)
	}
	err = errors.New("no DNS server configured")
	for range 2 {
		for _, server := range d.Servers {
			var records []dnsmessage.ResourceBody
			records, err = d.exchange(ctx, server, id, query, kind)
			switch {
			case ctx.Err() != nil:
				return dnsError(name, ctx.Err().Error(), false)
			case err != nil:
				continue
			case len(records) == 0:
				return dnsError(name, "no such record", true)
			}
			for _, r := range records {
				each(r)
			}
			return nil
		}
	}
	return dnsError(name, err.Error(), false)
}

func dnsError(name, text string, absent bool) error {
	return &net.DNSError{Name: name, Err: text, IsNotFound: absent, IsTemporary: !absent}
}

// question builds a query that allows responses of 1232 bytes, which are never fragmented (RFC 6891, 6.2.5).
func question(id uint16, name string, kind dnsmessage.Type) ([]byte, error) {
	fqdn, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:      dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions:   []dnsmessage.Question{{Name: fqdn, Type: kind, Class: dnsmessage.ClassINET}},
		Additionals: []dnsmessage.Resource{{Body: &dnsmessage.OPTResource{}}},
	}
	if err := m.Additionals[0].Header.SetEDNS0(1232, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	return m.Pack()
}

// exchange queries one server by UDP, and by TCP if the response is truncated (RFC 7766, 5).
func (d *DNS) exchange(ctx context.Context, server string, id uint16, query []byte, kind dnsmessage.Type) ([]dnsmessage.ResourceBody, error) {
	answer, err := d.send(ctx, "udp", server, id, query)
	if err == nil && isTruncated(answer) {
		answer, err = d.send(ctx, "tcp", server, id, query)
	}
	if err != nil {
		return nil, err
	}
	return readAnswers(answer, kind)
}

func (d *DNS) send(ctx context.Context, network, server string, id uint16, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if network == "tcp" { // with a length prefix (RFC 1035, 4.2.2)
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	if _, err = conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, 1<<16)
	for {
		n, err := receive(conn, network, buffer)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, err
		}
		if n >= 2 && binary.BigEndian.Uint16(buffer) == id { // else it is a response to another query or forged: keep waiting
			return buffer[:n], nil
		}
	}
}

func receive(conn net.Conn, network string, buffer []byte) (int, error) {
	if network == "udp" {
		return conn.Read(buffer)
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return 0, err
	}
	return io.ReadFull(conn, buffer[:binary.BigEndian.Uint16(length[:])])
}

func isTruncated(answer []byte) bool {
	var p dnsmessage.Parser
	head, err := p.Start(answer)
	return err == nil && head.Truncated
}

// readAnswers returns the records of one type in a response. The server has followed aliases.
func readAnswers(answer []byte, kind dnsmessage.Type) ([]dnsmessage.ResourceBody, error) {
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		return nil, err
	}
	var records []dnsmessage.ResourceBody // none if the name does not exist
	if m.RCode != dnsmessage.RCodeSuccess && m.RCode != dnsmessage.RCodeNameError {
		return nil, errors.New("the server responds " + strings.TrimPrefix(m.RCode.String(), "RCode"))
	}
	for _, r := range m.Answers {
		if r.Header.Type == kind {
			records = append(records, r.Body)
		}
	}
	return records, nil
}

// reverseName returns the name for PTR lookups of an address (RFC 1035, 3.5; RFC 3596, 2.5).
func reverseName(ip netip.Addr) string {
	bytes := ip.Unmap().AsSlice()
	slices.Reverse(bytes)
	var b strings.Builder
	if len(bytes) == 4 {
		for _, x := range bytes {
			fmt.Fprintf(&b, "%d.", x)
		}
		return b.String() + "in-addr.arpa"
	}
	for _, x := range bytes {
		fmt.Fprintf(&b, "%x.%x.", x&15, x>>4)
	}
	return b.String() + "ip6.arpa"
}
