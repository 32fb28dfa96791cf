package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"

	"postrider/mail"
	"postrider/source"
)

// diagnosis says in plain words what an error means, and how to fix it. words is empty if the error is plain enough.
type diagnosis struct{ words, fix string }

// text returns the words with the error.
func (c diagnosis) text(err error) string {
	if c.words == "" {
		return err.Error()
	}
	return c.words + ": " + err.Error()
}

// diagnoseNetwork explains why a server cannot be reached. key names the setting with its address.
func diagnoseNetwork(err error, key string) (diagnosis, bool) {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	switch {
	case isDNS && dns.IsNotFound:
		return diagnosis{"the host name is unknown", "correct the host in " + key}, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return diagnosis{"nothing listens there", "start the server, or correct the host and port in " + key}, true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return diagnosis{"there is no route to the server", "correct the host in " + key + ", or this machine's network"}, true
	case errors.Is(err, context.DeadlineExceeded), isNetwork && network.Timeout():
		return diagnosis{"the server does not answer", "correct the host and port in " + key + "; a firewall may block the connection"}, true
	}
	return diagnosis{}, false
}

// diagnoseRelay explains why a relay cannot be used. table is its table in the configuration.
func diagnoseRelay(err error, table, url string) diagnosis {
	if c, ok := diagnoseTLS(err, table); ok {
		return c
	}
	reply, replied := errors.AsType[*textproto.Error](err)
	switch {
	case replied && slices.Contains([]int{530, 534, 535, 538}, reply.Code):
		return diagnosis{"the relay rejects the login", "correct the user in " + table + ".url and " + table + ".password; many providers want an app password or a key for SMTP instead of the account's password"}
	case replied:
		return diagnosis{"the relay rejects this machine", "allow this machine's address in the relay, or log in: smtp+starttls://user@host:587 in " + table + ".url"}
	case errors.Is(err, mail.ErrNoStartTLS):
		return diagnosis{"", "turn on STARTTLS in the relay, or use smtps:// with its TLS port (465); smtp:// sends unencrypted, only for a relay on this machine"}
	case errors.Is(err, mail.ErrNoLogin):
		return diagnosis{"", "many relays only offer a login on encrypted connections: use smtp+starttls:// or smtps:// in " + table + ".url; if the relay needs no login, remove the user there"}
	}
	c, ok := diagnoseNetwork(err, table+".url")
	if !ok {
		c.fix = "check that the relay in [" + table + "] url is running and accepts messages from this machine"
	}
	if strings.HasSuffix(url, ":465") && !strings.HasPrefix(url, "smtps://") {
		c.fix = "port 465 expects TLS from the start: use smtps:// in " + table + ".url"
	}
	return c
}

// diagnoseTLS explains why a certificate or an encrypted connection is rejected.
func diagnoseTLS(err error, table string) (diagnosis, bool) {
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return diagnosis{"the certificate is for another name", "use the name of the certificate (" + certificateNames(name.Certificate) + ") as the host in " + table + ".url"}, true
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		words := "the certificate is from an unknown authority"
		if c := unknown.Cert; c != nil && c.Subject.String() == c.Issuer.String() {
			words = "the certificate is self-signed"
		}
		return diagnosis{words, "set " + table + ".ca_file to a PEM file with the certificate of the authority, or with the self-signed certificate itself; or give the relay a certificate from a public authority"}, true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return diagnosis{"the certificate has expired, or this machine's clock is wrong", "renew the certificate of the relay; check this machine's clock"}, true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return diagnosis{"the relay does not speak TLS on this port", "use smtp+starttls:// (port 587) in " + table + ".url, or the relay's TLS port (465)"}, true
	}
	return diagnosis{}, false
}

// certificateNames lists the names of a certificate.
func certificateNames(c *x509.Certificate) string {
	if c == nil {
		return "unknown"
	}
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = append(names, c.Subject.CommonName)
	}
	return strings.Join(names, ", ")
}

// diagnoseForum explains why the forum cannot be opened.
func diagnoseForum(err error) diagnosis {
	if c, ok := diagnoseMySQL(err); ok {
		return c
	}
	if c, ok := diagnosePostgres(err, "forum.dsn"); ok {
		return c
	}
	if _, ok := errors.AsType[*source.QueriesError](err); ok {
		return diagnosis{"", "correct this line of the file in [forum] queries, or the name of the file: see docs/custom-forum.md and docs/query-contract.md"}
	}
	if c, ok := diagnoseNetwork(err, "forum.dsn"); ok {
		return c
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return diagnosis{"", "correct the path in [forum] dsn; a relative path starts at the folder of the configuration"}
	case errors.Is(err, os.ErrPermission):
		return diagnosis{"", "let postrider's user read the file in [forum] dsn"}
	}
	return diagnosis{"", "check that the database in [forum] dsn is running and that the account can read it"}
}

// diagnoseMySQL explains errors of MySQL and MariaDB by their number.
func diagnoseMySQL(err error) (diagnosis, bool) {
	reply, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return diagnosis{}, false
	}
	switch reply.Number {
	case 1045, 1698:
		return diagnosis{"the database rejects the login", "correct the user and the password in forum.dsn (special characters as %XX); the account must be allowed from this host"}, true
	case 1044, 1142, 1143:
		return diagnosis{"the account may not read this database, or there is none of this name", "correct the database's name at the end of forum.dsn, or let the account read it with GRANT SELECT: see docs/forums.md"}, true
	case 1049:
		return diagnosis{"the database does not exist", "correct the database's name at the end of forum.dsn"}, true
	case 1130:
		return diagnosis{"the database does not accept this host", "create the account for this host, or allow the host in the database"}, true
	}
	return diagnosis{}, false
}

// diagnoseStore explains why the store cannot be opened.
func diagnoseStore(err error) diagnosis {
	if c, ok := diagnosePostgres(err, "store.dsn"); ok {
		return c
	}
	if c, ok := diagnoseNetwork(err, "store.dsn"); ok {
		return c
	}
	return diagnosis{"", "check that the database in [store] dsn is running and that postrider has access to it"}
}

// diagnosePostgres explains errors of PostgreSQL by their code. key names the setting with its address.
func diagnosePostgres(err error, key string) (diagnosis, bool) {
	if errors.Is(err, pq.ErrSSLNotSupported) {
		return diagnosis{"the server offers no TLS", "turn on TLS in the server, or, in a private network, add ?sslmode=disable to " + key}, true
	}
	reply, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return diagnosis{}, false
	}
	store := key == "store.dsn"
	switch string(reply.Code) {
	case "28P01", "28000":
		return diagnosis{"the database rejects the login", "correct the user and the password in " + key + " (special characters as %XX); pg_hba.conf must allow the account from this host"}, true
	case "3D000":
		if store {
			return diagnosis{"the database does not exist", "create it (createdb), or correct its name in " + key}, true
		}
		return diagnosis{"the database does not exist", "correct the database's name at the end of " + key}, true
	case "42501":
		if store {
			return diagnosis{"the account may not create tables", "let it: GRANT CREATE ON the schema, or make it the owner of the database"}, true
		}
		return diagnosis{"the account may not read the forum", "let it read with GRANT CONNECT and GRANT SELECT: see docs/forums.md"}, true
	}
	return diagnosis{}, false
}
