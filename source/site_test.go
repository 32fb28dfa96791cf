package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
)

func TestSite_IsReadFromEachDump(t *testing.T) {
	want := map[string]Site{
		"xenforo2": {}, "xenforo1": {}, "mybb": {}, // their dumps have no such rows
		"phpbb3": {Name: "phpBB test board", URL: "http://forum.example.test/phpbb", Version: "3.3.17"},
		"fluxbb": {Name: "FluxBB test board", URL: "http://forum.example.test/fluxbb", Version: "1.5.11"},
		"smf2":   {Version: "2.1.4"}, "smf2.0": {Version: "2.0.15"}, "nodebb": {Name: "Example Forum"}, "discourse": {Name: "Discourse test board"},
		"flarum": {Name: "Example Forum", Version: "1.8.7"},
	}
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		site, err := db.Site(t.Context())
		if err != nil || site != of(want, f) {
			t.Errorf("site = %+v, err %v, want %+v", site, err, of(want, f))
		}
	})
}

func TestSite_XenForoReadsOptions(t *testing.T) {
	_, db := extrasFixture(t, "xenforo2", xenforoMore(t), `
		CREATE TABLE xf_addon (addon_id varbinary(50) PRIMARY KEY, version_string varchar(30) NOT NULL);
		INSERT INTO xf_addon VALUES ('XF', '2.2.15 Patch Level 1')`)
	site, err := db.Site(t.Context())
	if want := (Site{"Defence Talk", "https://forum.example.org", "2.2.15"}); err != nil || site != want {
		t.Errorf("site = %+v, err %v, want %+v", site, err, want)
	}
}

func TestSite_MyBBReadsSettingsAndCache(t *testing.T) {
	_, db := extrasFixture(t, "mybb", `
		INSERT INTO mybb_settings (name, title, description, optionscode, value) VALUES ('bbname', '', '', '', 'Ships & Co'), ('bburl', '', '', '', 'https://bb.example/forum/');
		INSERT INTO mybb_datacache (title, cache) VALUES ('version', 'a:2:{s:7:"version";s:6:"1.8.37";s:12:"version_code";i:1837;}')`)
	site, err := db.Site(t.Context())
	if want := (Site{"Ships & Co", "https://bb.example/forum", "1.8.37"}); err != nil || site != want {
		t.Errorf("site = %+v, err %v, want %+v", site, err, want)
	}
}

func TestCheck_WarnsOfVersionThatTypeIsNotMadeFor(t *testing.T) {
	f := newFixture(t, "fluxbb")
	execute(t, openAdmin(t, f), "UPDATE config SET conf_value = '2.0.1' WHERE conf_name = 'o_cur_version'")
	got := findingNamed(f.open(t).Check(t.Context()), "version")
	if got.Level != finding.LevelWarn || !strings.Contains(got.Text, "2.0.1") || !strings.Contains(got.Text, "1.5") {
		t.Errorf("version = %+v, want a warning that names 2.0.1 and 1.5", got)
	}
}
