package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strings"

	"postrider/forumdir"
	"postrider/source"
)

// localSocket is where MySQL and MariaDB listen on Debian. PHP means it by "localhost".
const localSocket = "/run/mysqld/mysqld.sock"

// dsnOf returns [forum] dsn for an account.
func dsnOf(d forumdir.Database, user, password string) string {
	if d.Engine == "sqlite" {
		return "sqlite:" + d.File
	}
	u := url.URL{Scheme: d.Engine, User: url.UserPassword(user, password), Host: d.Host, Path: "/" + d.Name}
	if d.Host == "localhost" {
		u.Host = "127.0.0.1"
	}
	if d.Port != "" {
		u.Host = net.JoinHostPort(u.Host, d.Port)
	}
	if d.Engine == "mysql" {
		if socket := socketOf(d); socket != "" {
			u.Host, u.RawQuery = "", url.Values{"socket": {socket}}.Encode()
		}
	}
	return u.String()
}

// socketOf returns the socket of a MySQL server, or "" for a connection by TCP.
func socketOf(d forumdir.Database) string {
	if d.Socket == "" && d.Host == "localhost" && cmp.Or(d.Port, "3306") == "3306" {
		if _, err := os.Stat(localSocket); err == nil {
			return localSocket
		}
	}
	return d.Socket
}

// statements returns the SQL that creates the account. It is empty if there is nothing to create.
func (a account) statements() string {
	if a.writes || a.db.Engine == "sqlite" {
		return ""
	}
	if a.db.Engine == "postgres" {
		return "    -- in the database " + a.db.Name + "\n" +
			"    CREATE ROLE " + a.user + " LOGIN PASSWORD '" + a.password + "';\n" +
			"    GRANT CONNECT ON DATABASE \"" + strings.ReplaceAll(a.db.Name, `"`, `""`) + "\" TO " + a.user + ";\n" +
			"    GRANT USAGE ON SCHEMA public TO " + a.user + ";\n" +
			"    GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + a.user + ";"
	}
	from := "%" // the address that Postrider connects from
	switch {
	case socketOf(a.db) != "":
		from = "localhost"
	case a.db.Host == "localhost" || a.db.Host == "127.0.0.1":
		from = "127.0.0.1"
	}
	name := "'" + a.user + "'@'" + from + "'"
	return "    CREATE USER " + name + " IDENTIFIED BY '" + a.password + "';\n" +
		"    GRANT SELECT ON `" + grantedName.Replace(a.db.Name) + "`.* TO " + name + ";"
}

// grantedName quotes the name of a database in a GRANT of MySQL, where "_" and "%" stand for other characters: without backslashes, the
// account could read other databases, too.
var grantedName = strings.NewReplacer("`", "``", "_", `\_`, "%", `\%`)

// configFor returns a configuration for a forum.
func configFor(f forumdir.Forum, dsn string) string {
	var b strings.Builder
	set := func(key, value string) { b.WriteString(key + " = " + tomlString(value) + "\n") }
	b.WriteString("# For " + oneLine(f.Title) + " in " + oneLine(f.File) + ".\n# config.example.toml has all other keys.\n\n[forum]\n")
	set("type", f.Type)
	set("dsn", dsn)
	set("url", f.URL)
	if f.Name != "" {
		set("name", f.Name)
	}
	if f.Prefix != defaultPrefix(f.Type) {
		set("prefix", f.Prefix)
	}
	host := f.URL
	if u, err := url.Parse(f.URL); err == nil {
		host = strings.TrimPrefix(u.Hostname(), "www.")
	}
	from := mail.Address{Name: f.Name, Address: "digest@" + host}
	b.WriteString("\n[smtp]\n# Your mail server, and the sender of all emails.\n")
	set("url", "smtp://127.0.0.1:25")
	set("from", plainAddress(from))
	b.WriteString("\n[web]\n# Your web server, which forwards /postrider/ to Postrider: see docs/web-server.md.\ntrusted_proxies = [\"127.0.0.1\"]\n")
	return b.String()
}

func defaultPrefix(kind string) string {
	for _, t := range source.Types() {
		if t.Name == kind {
			return t.Prefix
		}
	}
	return ""
}

// plainAddress writes an address with a readable name, where mail.Address.String would encode it.
func plainAddress(a mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(a.Name)) + `" <` + a.Address + ">"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tomlString quotes a string. TOML has all escapes that JSON writes.
func tomlString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // cannot happen: a string has a JSON form
	}
	return strings.TrimSpace(b.String())
}
