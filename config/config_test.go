package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/smtptest"
	"postrider/mail"
)

const minimal = `
[forum]
type = "xenforo2"
dsn  = "mysql://reader:secret@127.0.0.1:3306/xenforo"
url  = "https://forum.example.org"
name = "Example Forum"
[smtp]
url  = "smtp://127.0.0.1:25"
from = "Example Forum <digest@forum.example.org>"
`

func noEnv(string) string { return "" }

func TestParse_AcceptsMinimalConfiguration(t *testing.T) {
	c, err := Parse(minimal, ".", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Web.URL, "https://forum.example.org/postrider"; got != want {
		t.Errorf("web.url = %q, want %q", got, want)
	}
	if got, want := c.Store.DSN, "sqlite:postrider.db"; got != want {
		t.Errorf("store.dsn = %q, want %q", got, want)
	}
}

func TestParse_ReportsLineKeyAndFix(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"an unknown key, with the nearest known one", minimal + "[digest]\ncadance = \"daily\"\n", []string{"line 11", "digest.cadance", "did you mean digest.cadence?"}},
		{"an unknown table", minimal + "[digests]\nhour = 3\n", []string{"line 11", "digests.hour", "did you mean digest.hour?"}},
		{"a duration without a unit", minimal + "[scan]\ninterval = 10\n", []string{"line 11", "scan.interval", "\"10s\""}},
		{"an invalid duration", minimal + "[scan]\ninterval = \"10 seconds\"\n", []string{"line 11"}},
		{"days in a duration", minimal + "[digest]\nfirst_window = \"7d\"\n", []string{"line 11", "digest.first_window", "\"168h\""}},
		{"a text instead of a number", minimal + "[digest]\nhour = \"8\"\n", []string{"line 11", "digest.hour", "must be integer"}},
		{"a share of nothing", minimal + "[delivery]\nshare = 0\n", []string{"line 11", "delivery.share", "queue pause"}},
		{"an unknown kind of links", minimal + "[web]\nlinks = \"some\"\n", []string{"line 11", "web.links", "\"none\""}},
		{"an hour out of range", minimal + "[digest]\nhour = 24\n", []string{"line 11", "digest.hour", "0 to 23"}},
		{"an unknown time zone", minimal + "[digest]\ntime_zone = \"Mars/Olympus\"\n", []string{"line 11", "digest.time_zone", "Europe/Berlin"}},
		{"an unknown weekday", minimal + "[digest]\nweekday = \"someday\"\n", []string{"line 11", "digest.weekday", "monday"}},
		{"a size that Gmail clips", minimal + "[digest]\nmax_bytes = 200000\n", []string{"line 11", "digest.max_bytes", "102000"}},
		{"an unknown forum type", strings.Replace(minimal, "xenforo2", "xenfroo", 1), []string{"line 3", "forum.type", "xenforo2"}},
		{"a forum without a URL", strings.Replace(minimal, "https://forum.example.org", "forum", 1), []string{"line 5", "forum.url"}},
		{"an unknown store type", minimal + "[store]\ndsn = \"redis://x\"\n", []string{"line 11", "store.dsn", "sqlite:"}},
		{"an invalid sender", strings.Replace(minimal, "Example Forum <digest@forum.example.org>", "nobody", 1), []string{"line 9", "smtp.from", "digest@forum.example.org"}},
		{"a missing password file", minimal + "password_file = \"nope\"\n", []string{"line 10", "smtp.password_file", "nope"}},
		{"no [forum] table", "[smtp]\nurl = \"smtp://127.0.0.1:25\"\nfrom = \"a@example.org\"\n", []string{"forum.type", "forum.url", "forum.dsn"}},
		{"a TOML syntax error", "[forum\n", []string{"line 2", "table name"}},
		{"several mistakes together", minimal + "[digest]\nhour = 99\nexcerpt_length = 1\n", []string{"digest.hour", "digest.excerpt_length"}},
		{"DKIM keys of another domain", minimal + "[dkim]\ndomain = \"example.com\"\nselector = \"pr1\"\nkey_file = \"key.pem\"\n", []string{"line 11", "dkim.domain", "forum.example.org"}},
		{"a selector without a key", minimal + "[dkim]\nselector = \"pr1\"\n", []string{"line 10", "dkim.key_file", "private key"}},
		{"an allow-list with an invalid address", minimal + "[delivery]\nallow_only = [\"everybody\"]\n", []string{"line 11", "delivery.allow_only", "@example.org"}},
		{"an invalid bounce listener", minimal + "[bounces]\nlisten = \"2400\"\n", []string{"line 11", "bounces.listen", "lmtp://127.0.0.1:2400"}},
		{"a mailbox without a password", minimal + "[bounces]\nimap = \"imaps://me@mail.example.org\"\n", []string{"line 10", "bounces.password", "POSTRIDER_BOUNCES_PASSWORD"}},
		{"a fallback relay without a URL", minimal + "[smtp.fallback]\nmax_connections = 3\n", []string{"line 10", "smtp.fallback.url", "smtp+starttls"}},
		{"a fallback relay without a password", minimal + "[smtp.fallback]\nurl = \"smtps://me@relay.example.org\"\n", []string{"line 10", "smtp.fallback.password"}},
		{"a missing password file of the fallback relay", minimal + "[smtp.fallback]\nurl = \"smtps://me@relay.example.org\"\npassword_file = \"nope\"\n", []string{"line 12", "smtp.fallback.password_file", "nope"}},
		{"an invalid sender of announcements", minimal + "[smtp.announcements]\nfrom = \"nobody\"\n", []string{"line 11", "smtp.announcements.from", "news.example.org"}},
		{"an invalid reply address of announcements", minimal + "[smtp.announcements]\nreply_to = \"nobody\"\n", []string{"line 11", "smtp.announcements.reply_to", "smtp.reply_to"}},
		{
			"announcements from a domain that [dkim] does not sign for", minimal + "[dkim]\nselector = \"pr1\"\nkey_file = \"key.pem\"\n[smtp.announcements]\nfrom = \"news@example.com\"\n",
			[]string{"line 14", "smtp.announcements.from", "example.com", "forum.example.org", "[smtp.announcements.dkim]"},
		},
		{
			"announcements' keys for another domain", minimal + "[smtp.announcements]\nfrom = \"news@example.com\"\n[smtp.announcements.dkim]\ndomain = \"example.org\"\nselector = \"pr1\"\nkey_file = \"key.pem\"\n",
			[]string{"line 13", "smtp.announcements.dkim.domain", "example.com"},
		},
		{"announcements' selector without a key", minimal + "[smtp.announcements.dkim]\nselector = \"pr1\"\n", []string{"line 10", "smtp.announcements.dkim.key_file", "private key"}},
		{"announcements with connections but no relay", minimal + "[smtp.announcements]\nmax_connections = 2\n", []string{"line 10", "smtp.announcements.url", "smtp+starttls"}},
		{"announcements with a password but no relay", minimal + "[smtp.announcements]\npassword = \"x\"\n", []string{"line 10", "smtp.announcements.url"}},
		{
			"announcements through the relay of all messages", minimal + "[smtp.announcements]\nfrom = \"news@forum.example.org\"\nurl = \"smtp://127.0.0.1\"\n",
			[]string{"line 12", "smtp.announcements.url", "smtp.url", "another account"},
		},
		{
			"announcements through another relay without its password",
			strings.Replace(minimal, "smtp://127.0.0.1:25", "smtps://me@a.example.org\"\npassword = \"secret", 1) + "[smtp.announcements]\nurl = \"smtps://me@b.example.org\"\n",
			[]string{"line 11", "smtp.announcements.password", "POSTRIDER_SMTP_ANNOUNCEMENTS_PASSWORD"},
		},
		{"an unknown scheme of the relay of announcements", minimal + "[smtp.announcements]\nurl = \"http://b.example.org\"\n", []string{"line 11", "smtp.announcements.url", "smtps"}},
		{"a negative number of messages per connection", minimal + "max_messages_per_connection = -1\n", []string{"line 10", "smtp.max_messages_per_connection", "1"}},
		{"a color that is hard to read", minimal + "[brand]\naccent = \"#fc0\"\n", []string{"line 11", "brand.accent", "4.5:1"}},
		{"a missing logo", minimal + "[brand]\nlogo = \"logo.png\"\n", []string{"line 11", "brand.logo", "logo.png", "cannot be read"}},
		{"a link of the footer without https", minimal + "[brand]\nlinks = [{ text = \"Imprint\", url = \"http://a.example\" }]\n", []string{"line 11", "brand.links", "https://"}},
		{"an unknown log level", minimal + "[log]\nlevel = \"loud\"\n", []string{"line 11", "log.level", "debug"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.text, t.TempDir(), noEnv)
			if err == nil {
				t.Fatal("Parse accepted it")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is\n%v\nwant it to contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error contains the database's password:\n%v", err)
			}
		})
	}
}

func TestSecrets_PreferEnvironmentThenFileThenConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withUser := strings.Replace(minimal, "smtp://127.0.0.1:25", "smtps://me@relay.example.org:465", 1)
	tests := []struct {
		name, text, env, want string
	}{
		{"configuration", withUser + "password = \"plain\"\n", "", "plain"},
		{"file", withUser + "password = \"plain\"\npassword_file = \"password\"\n", "", "from file"},
		{"environment", withUser + "password_file = \"password\"\n", "from env", "from env"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse(tt.text, dir, func(key string) string {
				if key == "POSTRIDER_SMTP_PASSWORD" {
					return tt.env
				}
				return ""
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.SMTP.Password != tt.want {
				t.Errorf("password = %q, want %q", c.SMTP.Password, tt.want)
			}
		})
	}
}

func TestDKIM_ResolvesKeyFilesAndDefaultsToSenderDomain(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       mail.DKIMConfig
	}{
		{"none", minimal, mail.DKIMConfig{}},
		{
			"one", minimal + "[dkim]\nselector = \"pr1\"\nkey_file = \"keys/1.pem\"\n",
			mail.DKIMConfig{Domain: "forum.example.org", Selector: "pr1", KeyFile: "/etc/postrider/keys/1.pem"},
		},
		{
			"two, for the parent domain", minimal + "[dkim]\ndomain = \"example.org\"\nselector = \"pr1\"\nkey_file = \"/keys/1.pem\"\n" +
				"ed25519_selector = \"pr1-ed\"\ned25519_key_file = \"2.pem\"\n",
			mail.DKIMConfig{
				Domain: "example.org", Selector: "pr1", KeyFile: "/keys/1.pem",
				Ed25519Selector: "pr1-ed", Ed25519KeyFile: "/etc/postrider/2.pem",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse(tt.text, "/etc/postrider", noEnv)
			if err != nil {
				t.Fatal(err)
			}
			if c.DKIM != tt.want {
				t.Errorf("[dkim] = %+v, want %+v", c.DKIM, tt.want)
			}
		})
	}
}

func TestAnnouncementSender_DefaultsToThatOfAllMessages(t *testing.T) {
	for _, tt := range []struct {
		name, text, from string
		keys             mail.DKIMConfig
	}{
		{"nothing of their own", "", "Example Forum <digest@forum.example.org>", mail.DKIMConfig{}},
		{"a subdomain that [dkim] signs for", "[dkim]\nselector = \"pr1\"\nkey_file = \"1.pem\"\n[smtp.announcements]\nfrom = \"news@news.example.org\"\n", "news@news.example.org", mail.DKIMConfig{}},
		{
			"keys for their own domain", "[smtp.announcements]\nfrom = \"news@example.com\"\n[smtp.announcements.dkim]\nselector = \"n1\"\nkey_file = \"keys/n.pem\"\n",
			"news@example.com", mail.DKIMConfig{Domain: "example.com", Selector: "n1", KeyFile: "/etc/postrider/keys/n.pem"},
		},
		{
			"keys alone", "[smtp.announcements.dkim]\nselector = \"n1\"\nkey_file = \"/n.pem\"\n", "Example Forum <digest@forum.example.org>",
			mail.DKIMConfig{Domain: "forum.example.org", Selector: "n1", KeyFile: "/n.pem"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse(minimal+tt.text, "/etc/postrider", noEnv)
			if err != nil {
				t.Fatal(err)
			}
			if from, keys := c.SMTP.AnnouncementFrom(), c.SMTP.Announcements.DKIM; from != tt.from || keys != tt.keys {
				t.Errorf("announcements are from %q, signed with %+v, want %q and %+v", from, keys, tt.from, tt.keys)
			}
		})
	}
}

// TestAnnouncementRelay_InheritsWhatIsSafe checks what the relay of announcements takes from [smtp].
func TestAnnouncementRelay_InheritsWhatIsSafe(t *testing.T) {
	authority := smtptest.New(t, smtptest.WithTLS()).CAFile()
	shared := mail.SMTPConfig{HELO: "forum.example.org", Timeout: 45 * time.Second, MaxConnections: 3, MaxMessagesPerConnection: 50}
	with := func(change func(*mail.SMTPConfig)) mail.SMTPConfig {
		c := shared
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name, text string
		want       mail.SMTPConfig
	}{
		{"none", "", defaultRelay()},
		{"another host", `url = "smtp+starttls://b.example.org"`, with(func(c *mail.SMTPConfig) { c.URL = "smtp+starttls://b.example.org" })},
		{"another host with the same user", "url = \"smtps://me@b.example.org\"\npassword = \"own\"", with(func(c *mail.SMTPConfig) {
			c.URL, c.Password = "smtps://me@b.example.org", "own"
		})},
		{"another account of the host", "url = \"smtps://news@A.example.org\"\npassword = \"own\"", with(func(c *mail.SMTPConfig) {
			c.URL, c.Password, c.CAFile = "smtps://news@A.example.org", "own", authority
		})},
		{"another port of the account", `url = "smtp+starttls://me@a.example.org:2587"`, with(func(c *mail.SMTPConfig) {
			c.URL, c.Password, c.CAFile = "smtp+starttls://me@a.example.org:2587", "secret", authority
		})},
		{"its own keys", "url = \"smtp://b.example.org\"\nhelo = \"news.example.org\"\ntimeout = \"5s\"\nmax_connections = 2\nmax_messages_per_connection = 7", mail.SMTPConfig{
			URL: "smtp://b.example.org", HELO: "news.example.org", Timeout: 5 * time.Second, MaxConnections: 2, MaxMessagesPerConnection: 7,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			relay := fmt.Sprintf("smtps://me@a.example.org\"\npassword = \"secret\"\nca_file = %q\nhelo = \"forum.example.org\"\ntimeout = \"45s\"\nmax_connections = 3\nmax_messages_per_connection = 50\n#", authority)
			c, err := Parse(strings.Replace(minimal, "smtp://127.0.0.1:25", relay, 1)+"[smtp.announcements]\n"+tt.text+"\n", "/etc/postrider", noEnv)
			if got := c.SMTP.Announcements.SMTPConfig; err != nil || got != tt.want {
				t.Errorf("the relay of announcements is %+v (%v), want %+v", got, err, tt.want)
			}
		})
	}
}

func TestAnnouncementRelay_GivesNoPasswordToAnUnprotectedConnection(t *testing.T) {
	text := strings.Replace(minimal, "smtp://127.0.0.1:25", "smtps://me@a.example.org\"\npassword = \"secret", 1) + "[smtp.announcements]\nurl = \"smtp://me@a.example.org\"\n"
	if c, err := Parse(text, ".", noEnv); err == nil || c.SMTP.Announcements.Password != "" {
		t.Errorf("the password is %q (%v), want an error that it is missing", c.SMTP.Announcements.Password, err)
	}
}

const examplePath = "../config.example.toml"

func readExample(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var commentedKey = regexp.MustCompile(`(?m)^# ([a-z0-9_]+ = .*)$`)

func TestFallback_ReadsPasswordFromEnvironment(t *testing.T) {
	c, err := Parse(minimal+"[smtp.fallback]\nurl = \"smtps://me@relay.example.org\"\n", ".", func(key string) string {
		if key == "POSTRIDER_SMTP_FALLBACK_PASSWORD" {
			return "from env"
		}
		return ""
	})
	if err != nil || c.SMTP.Fallback.Password != "from env" || c.SMTP.Password != "" || c.SMTP.Fallback.MaxConnections != mail.DefaultConnections {
		t.Errorf("the fallback is %+v, %v", c.SMTP.Fallback, err)
	}
}

func TestExample_Loads(t *testing.T) {
	if _, err := Load(examplePath, noEnv); err != nil {
		t.Fatal(err)
	}
}

func TestExample_ShowsDefaults(t *testing.T) {
	all := commentedKey.ReplaceAllString(readExample(t), "$1")
	got, err := Parse(all, ".", noEnv)
	if err != nil {
		t.Fatalf("the example with its optional keys: %v", err)
	}
	want, err := Parse(readExample(t), ".", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example's optional keys are not the defaults:\n got %+v\nwant %+v", got, want)
	}
}

func TestExample_DocumentsEveryKey(t *testing.T) {
	lines := strings.Split(commentedKey.ReplaceAllString(readExample(t), "$1"), "\n")
	for key := range keys() {
		n := lineOf(strings.Join(lines, "\n"), key)
		if n == 0 || !strings.HasPrefix(strings.TrimSpace(lines[n-1]), lastPart(key)) {
			t.Errorf("%s is missing from the example", key)
			continue
		}
		above := lines[n-2]
		if sibling := strings.HasPrefix(above, strings.TrimSuffix(lastPart(key), "_file")+" ="); !strings.HasPrefix(above, "#") && !sibling {
			t.Errorf("the example has no comment above %s", key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(minimal)
	f.Add("[forum]\ntype = 3\n")
	f.Add("a.b.c = [[1]]\n[x]\n")
	f.Add("[digest]\nhour = \"x\"\nevery = 1e99\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text, t.TempDir(), noEnv)
		if err == nil && c.Digest.Validate() != nil {
			t.Errorf("Parse accepted an invalid configuration: %v", fmt.Sprint(c.Digest))
		}
	})
}

func TestParse_ForumWithoutFriendlyURLsNeedsNoWebURL(t *testing.T) {
	for _, address := range []string{"https://forum.example.org/index.php?", "https://forum.example.org/index.php?/", "https://forum.example.org/index.php"} {
		c, err := Parse(strings.Replace(minimal, "https://forum.example.org", address, 1), t.TempDir(), noEnv)
		if err != nil || c.Web.URL != "https://forum.example.org/postrider" || c.Forum.URL != address {
			t.Errorf("url = %q: web.url %q, %v", address, c.Web.URL, err)
		}
	}
}

func TestParse_H14WebURLOfForumWithoutFriendlyURLs(t *testing.T) {
	for forum, want := range map[string]string{
		"https://x.example/index.php?":       "https://x.example/postrider",
		"https://x.example/forum/index.php?": "https://x.example/forum/postrider",
		"https://x.example/forum/?":          "https://x.example/forum/postrider",
		"https://x.example/":                 "https://x.example/postrider",
	} {
		if got := besideForum(forum) + "/postrider"; got != want {
			t.Errorf("web.url for %s is %s, want %s", forum, got, want)
		}
	}
}

func TestParse_PathsRelativeToFile(t *testing.T) {
	c, err := Parse(`
[forum]
type = "sample"
dsn = "sqlite:forum.db"
url = "https://forum.example.org"
queries = "/srv/own.sql"
[smtp]
url = "smtp://localhost"
from = "Forum <digest@example.org>"
[templates]
dir = "look"
`, "/etc/postrider", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.Forum.DSN, c.Store.DSN, c.Forum.Queries, c.Templates.Dir}
	want := []string{"sqlite:/etc/postrider/forum.db", "sqlite:/etc/postrider/postrider.db", "/srv/own.sql", "/etc/postrider/look"}
	if !slices.Equal(got, want) {
		t.Errorf("paths are %q, want %q", got, want)
	}
}
