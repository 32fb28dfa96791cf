package source

import (
	"strings"
	"testing"
	"time"

	"postrider/forum"
)

func TestParseDSN_AcceptsURLsAndHidesPassword(t *testing.T) {
	for _, tt := range []struct{ dsn, net, addr, user, password, name string }{
		{"mysql://reader:se%3Ac@ret@db.example.org:3307/forum", "tcp", "db.example.org:3307", "reader", "se:c@ret", "forum"},
		{"mysql://reader:se%3Ac%40ret@db.example.org:3307/forum", "tcp", "db.example.org:3307", "reader", "se:c@ret", "forum"},
		{"mysql://reader@db.example.org/forum", "tcp", "db.example.org:3306", "reader", "", "forum"},
		{"mariadb://reader:x@[::1]/forum", "tcp", "[::1]:3306", "reader", "x", "forum"},
		{"mysql://reader:x@/forum?socket=/run/mysqld/mysqld.sock", "unix", "/run/mysqld/mysqld.sock", "reader", "x", "forum"},
	} {
		got, err := parseDSN(tt.dsn)
		if err != nil {
			t.Errorf("%s: %v", tt.dsn, err)
			continue
		}
		c := got.mysql
		if c.Net != tt.net || c.Addr != tt.addr || c.User != tt.user || c.Passwd != tt.password || c.DBName != tt.name {
			t.Errorf("%s = %s %s %s %s %s", tt.dsn, c.Net, c.Addr, c.User, c.Passwd, c.DBName)
		}
		if text := got.String(); tt.password != "" && strings.Contains(text, tt.password+"@") {
			t.Errorf("%s prints as %s", tt.dsn, text)
		}
	}
	if got, err := parseDSN("sqlite:/var/lib/forum.db"); err != nil || got.file != "/var/lib/forum.db" {
		t.Errorf("sqlite: %+v, %v", got, err)
	}
}

func TestConfig_ReportsInvalidKeysWithFix(t *testing.T) {
	good := Config{Type: "xenforo2", DSN: "mysql://reader:x@127.0.0.1/forum", URL: "https://forum.example.org", Timeout: time.Minute}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"an unknown type", func(c *Config) { c.Type = "vbulletin" }, []string{"type: unknown forum type \"vbulletin\"", "must be one of xenforo2, xenforo1, mybb"}},
		{"no dsn", func(c *Config) { c.DSN = "" }, []string{"dsn: missing", "mysql://"}},
		{"a dsn without a user", func(c *Config) { c.DSN = "mysql://127.0.0.1/forum" }, []string{"dsn: missing user"}},
		{"a dsn without a host", func(c *Config) { c.DSN = "mysql://reader@/forum" }, []string{"dsn: missing host"}},
		{"a database type that the forum type does not support", func(c *Config) { c.DSN = "sqlite:forum.db" }, []string{"dsn: wrong database type sqlite: must be mysql for forum type xenforo2"}},
		{"no url", func(c *Config) { c.URL = "" }, []string{"url: invalid URL \"\"", "https://"}},
		{"a url without a scheme", func(c *Config) { c.URL = "forum.example.org" }, []string{"url: invalid URL"}},
		{"a prefix with a quote", func(c *Config) { c.Prefix = "xf_'; --" }, []string{"prefix: invalid prefix"}},
		{"no timeout", func(c *Config) { c.Timeout = 0 }, []string{"timeout: invalid duration 0s", "1s"}},
	} {
		c := good
		tt.change(&c)
		err := c.Validate()
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", tt.name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one error: %v", tt.name, err)
		}
	}
}

// The routes are those of the forums' own code: NodeBB src/routes/index.js and user.js; MyBB showthread.php, which finds the thread of a pid;
// FluxBB viewtopic.php, likewise; phpBB viewtopic.php; SMF Sources/Load.php, loadBoard, which finds the topic of a msg; Discourse
// config/routes.rb; Flarum framework/core/src/Forum/routes.php.
func TestLinks_MatchForumURLs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		links forum.Links
		want  [5]string // section, thread, post, post of an unknown thread, member
	}{
		{"xenforo", newXenforoLinks("https://f.example"), [5]string{"https://f.example/forums/3/", "https://f.example/threads/7/", "https://f.example/posts/9/",
			"https://f.example/posts/9/", "https://f.example/members/2/"}},
		{"xenforo without friendly URLs", newXenforoLinks("https://f.example/index.php?"), [5]string{"https://f.example/index.php?forums/3/", "https://f.example/index.php?threads/7/",
			"https://f.example/index.php?posts/9/", "https://f.example/index.php?posts/9/", "https://f.example/index.php?members/2/"}},
		{"nodebb", nodebbLinks("https://f.example/forum"), [5]string{"https://f.example/forum/category/3", "https://f.example/forum/topic/7",
			"https://f.example/forum/post/9", "https://f.example/forum/post/9", "https://f.example/forum/uid/2"}},
		{"mybb", mybbLinks("https://f.example"), [5]string{"https://f.example/forumdisplay.php?fid=3", "https://f.example/showthread.php?tid=7",
			"https://f.example/showthread.php?pid=9#pid9", "https://f.example/showthread.php?pid=9#pid9", "https://f.example/member.php?action=profile&uid=2"}},
		{"phpbb", phpbbLinks("https://f.example"), [5]string{"https://f.example/viewforum.php?f=3", "https://f.example/viewtopic.php?t=7",
			"https://f.example/viewtopic.php?p=9#p9", "https://f.example/viewtopic.php?p=9#p9", "https://f.example/memberlist.php?mode=viewprofile&u=2"}},
		{"smf", smfLinks("https://f.example"), [5]string{"https://f.example/index.php?board=3.0", "https://f.example/index.php?topic=7.0",
			"https://f.example/index.php?msg=9", "https://f.example/index.php?msg=9", "https://f.example/index.php?action=profile;u=2"}},
		{"fluxbb", fluxbbLinks("https://f.example"), [5]string{"https://f.example/viewforum.php?id=3", "https://f.example/viewtopic.php?id=7",
			"https://f.example/viewtopic.php?pid=9#p9", "https://f.example/viewtopic.php?pid=9#p9", "https://f.example/profile.php?id=2"}},
		{"discourse", discourseLinks("https://f.example"), [5]string{"https://f.example/c/3", "https://f.example/t/7", "https://f.example/p/9", "https://f.example/p/9", ""}},
		{"vanilla", vanillaLinks("https://f.example"), [5]string{"https://f.example/categories/3", "https://f.example/discussion/7",
			"https://f.example/discussion/9", "https://f.example/discussion/9", "https://f.example/profile/2/x"}},
		{"flarum", flarumLinks("https://f.example"), [5]string{"https://f.example/tags", "https://f.example/d/7", "https://f.example/d/7", "", ""}},
	} {
		got := [5]string{tt.links.Section(3), tt.links.Thread(7), tt.links.Post(7, 9), tt.links.Post(0, 9), tt.links.Member(2)}
		if got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMybbZone_MapsOffsetsToZones(t *testing.T) {
	for _, tt := range []struct{ stored, want string }{
		{"0 0", "UTC"}, {"0 1", "Etc/GMT-1"}, {"1 0", "Etc/GMT-1"}, {"1 1", "Etc/GMT-2"}, {"-5 0", "Etc/GMT+5"}, {"-1 1", "UTC"},
		{"14 0", "Etc/GMT-14"}, {"14 1", "Etc/GMT-14"}, {"-12 0", "Etc/GMT+12"}, {"5.5 0", "Asia/Kolkata"}, {"5.75 0", "Asia/Kathmandu"},
		{"-3.5 1", "America/St_Johns"}, {"9.5 0", "Australia/Darwin"}, {"9.5 1", "Australia/Adelaide"}, {"12.75 0", "Pacific/Chatham"},
		{"+3 0", "Etc/GMT-3"}, {" 0", ""}, {"x 0", ""}, {"NaN 0", ""}, {"99 0", ""}, {"0.1 0", ""},
	} {
		got := mybbZone(tt.stored)
		if got != tt.want {
			t.Errorf("mybbZone(%q) = %q, want %q", tt.stored, got, tt.want)
		}
		if _, err := time.LoadLocation(got); err != nil {
			t.Error(err)
		}
	}
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	zone, err := time.LoadLocation(mybbZone("3 0"))
	if err != nil {
		t.Fatal(err)
	}
	if hour := at.In(zone).Hour(); hour != 15 {
		t.Errorf("noon UTC is %d o'clock at UTC+3, want 15", hour)
	}
}

func TestMybbLocale_MapsLanguagePacksToTags(t *testing.T) {
	for directory, want := range map[string]string{"": "", "english": "en", "deutsch_du": "de", "deutsch_sie": "de", "Francais": "fr", "portuguesbr": "pt-BR", "klingon": "",
		"Brazilian_Portuguese": "pt-BR", "portuguese_brazilian-utf8": "pt-BR", "portuguese_pt": "pt", "ukrainian-utf8": "uk", "norwegian": "nb",
		"chinesesimp": "zh", "chinese_traditional-utf8": "zh-Hant", "Traditional_Chinese": "zh-Hant", "Simplified_Chinese": "zh", "Deutsch_Sie": "de"} {
		if got := mybbLocale(directory); got != want {
			t.Errorf("mybbLocale(%q) = %q, want %q", directory, got, want)
		}
	}
}

func TestPhpbbLocale_MapsLanguagePacksToTags(t *testing.T) {
	for folder, want := range map[string]string{"de": "de", "de_x_sie": "de", "pt_br": "pt-BR", "zh_cmn_hans": "zh", "zh_cmn_hant": "zh-Hant", "es_x_tu": "es"} {
		if got := phpbbLocale(folder); got != want {
			t.Errorf("phpbbLocale(%q) = %q, want %q", folder, got, want)
		}
	}
}

func TestConfig_OptOut(t *testing.T) {
	c := Config{Type: "xenforo2", DSN: "mysql://reader:x@127.0.0.1/forum", URL: "https://forum.example.org", Timeout: time.Minute}
	for _, value := range []string{"", OptOutByKind, OptOutAll} {
		if c.OptOut = value; c.Validate() != nil {
			t.Errorf("opt_out = %q: %v", value, c.Validate())
		}
	}
	c.OptOut = "never"
	if err := c.Validate(); err == nil || err.Error() != `opt_out: invalid value "never": must be "by_kind" or "all"` {
		t.Errorf("opt_out = never: %v", err)
	}
}
