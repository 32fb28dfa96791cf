package source

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/finding"
)

// addonOf are statements that activate an add-on beside those that are, and undo that, by forum type.
var addonOf = map[string]struct{ activate, undo string }{
	"phpbb3":   {"INSERT INTO phpbb_ext (ext_name, ext_active, ext_state) VALUES ('NAME', 1, '')", "DELETE FROM phpbb_ext WHERE ext_name = 'NAME'"},
	"xenforo1": {"INSERT INTO xf_addon (addon_id, active) VALUES ('NAME', 1)", "DELETE FROM xf_addon WHERE addon_id = 'NAME'"},
	"xenforo2": {"INSERT INTO xf_addon (addon_id, active) VALUES ('NAME', 1)", "DELETE FROM xf_addon WHERE addon_id = 'NAME'"},
	"mybb": {`UPDATE mybb_datacache SET cache = REPLACE(REPLACE(cache, 'a:1:{s:5', 'a:2:{s:5'), 's:5:"hello";}', 's:5:"hello";i:7;s:LENGTH:"NAME";}') WHERE title = 'plugins'`,
		`UPDATE mybb_datacache SET cache = REPLACE(REPLACE(cache, 'a:2:{s:5', 'a:1:{s:5'), 'i:7;s:LENGTH:"NAME";}', '}') WHERE title = 'plugins'`},
	"smf2": {"INSERT INTO smf_log_packages (package_id, install_state, failed_steps, db_changes, credits, version) VALUES ('NAME', 1, '', '', '', '')",
		"DELETE FROM smf_log_packages WHERE package_id = 'NAME'"},
	"flarum": {`UPDATE settings SET value = REPLACE(value, '"flarum-flags"', '"flarum-flags","NAME"') WHERE value LIKE '%"flarum-flags"%'`,
		`UPDATE settings SET value = REPLACE(value, '"NAME",', '') WHERE value LIKE '%"flarum-flags"%'`},
	"nodebb": {"INSERT INTO legacy_zset (_key, value, score) VALUES ('plugins:active', 'NAME', 9)", "DELETE FROM legacy_zset WHERE value = 'NAME'"},
	"discourse": {"INSERT INTO site_settings (id, name, data_type, value, created_at, updated_at) VALUES (9001, 'NAME_enabled', 5, 't', now(), now())",
		"DELETE FROM site_settings WHERE id = 9001"},
}

// hidingNames are add-ons that are known to hide posts.
var hidingNames = map[string][]string{
	"mybb":      {"ougc_privatethreads"},
	"smf2":      {"underdog:PersonalizedBBC"},
	"flarum":    {"imdong-visible-to-op-only"},
	"discourse": {"private_replies", "category_lockdown"},
}

func (b brokenForum) testAddons(t *testing.T) {
	addon, listed := addonOf[b.kind]
	if !listed {
		t.Skip("the forum keeps no list of its add-ons")
	}
	with := func(name string) finding.Finding {
		named := strings.NewReplacer("NAME", name, "LENGTH", strconv.Itoa(len(name)))
		execute(t, b.admin, named.Replace(addon.activate))
		defer execute(t, b.admin, named.Replace(addon.undo))
		return findingNamed(b.check(t, b.config()), "add-ons")
	}
	before := findingNamed(b.check(t, b.config()), "add-ons")
	if before.Level != finding.LevelOK || !strings.Contains(before.Text, "1 active") && !slices.Contains([]string{"flarum", "nodebb"}, b.kind) {
		t.Errorf("add-ons = %+v before any is added", before)
	}
	for _, name := range hidingNames[b.kind] {
		if found := with(name); found.Level != finding.LevelFail || !strings.Contains(found.Text, name) || found.Fix == "" {
			t.Errorf("with %s, add-ons = %+v, want a failure that names it", name, found)
		}
	}
	if found := with("acme-hide_until-reply"); found.Level != finding.LevelWarn || !strings.Contains(found.Text, "acme-hide_until-reply") || found.Fix == "" {
		t.Errorf("with a doubtful name, add-ons = %+v, want a warning that names it", found)
	}
	if found := with("acme-smilies"); found.Level != finding.LevelOK || found.Text == before.Text {
		t.Errorf("with a harmless name, add-ons = %+v, want one more than %q", found, before.Text)
	}
	if after := findingNamed(b.check(t, b.config()), "add-ons"); after != before {
		t.Errorf("add-ons = %+v after all were removed, want %+v", after, before)
	}
}

// wantExaminedAddon checks that an example of docs/forums.md leaves out the add-on that it names.
func wantExaminedAddon(t *testing.T, kind, example string) {
	f := sharedFixture(t, kind)
	admin := openAny(t, f.dsn)
	if kind == "mybb" { // its dump has no list
		execute(t, admin, `INSERT INTO mybb_datacache (title, cache) VALUES ('plugins', 'a:1:{s:6:"active";a:1:{s:5:"hello";s:5:"hello";}}')`)
		defer execute(t, admin, "DELETE FROM mybb_datacache WHERE title = 'plugins'")
	}
	name := strings.Fields(example)[4]
	named := strings.NewReplacer("NAME", name, "LENGTH", strconv.Itoa(len(name)))
	execute(t, admin, named.Replace(addonOf[kind].activate))
	defer execute(t, admin, named.Replace(addonOf[kind].undo))
	if found := findingNamed(f.open(t).Check(t.Context()), "add-ons"); found.Level != finding.LevelWarn || !strings.Contains(found.Text, name) {
		t.Errorf("with %s, add-ons = %+v, want a warning that names it", name, found)
	}
	c := f.config()
	c.Queries = queriesFile(t, example)
	if found := findingNamed(openConfig(t, c).Check(t.Context()), "add-ons"); found.Level == finding.LevelWarn {
		t.Errorf("with the example, add-ons = %+v", found)
	}
}

func TestAddons_AreDecoded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		decode func(string) ([]string, error)
		stored string
		want   string
	}{
		{"MyBB with keys", mybbAddons, `a:1:{s:6:"active";a:2:{s:5:"hello";s:5:"hello";s:4:"dvz1";s:4:"dvz1";}}`, "dvz1 hello"},
		{"MyBB after other caches", mybbAddons, `a:2:{s:5:"hooks";a:0:{}s:6:"active";a:1:{i:3;s:5:"hello";}}`, "hello"},
		{"MyBB without plugins", mybbAddons, `a:1:{s:6:"active";a:0:{}}`, ""},
		{"MyBB before the first plugin", mybbAddons, `a:0:{}`, ""},
		{"a name of an own query", mybbAddons, `hello`, "hello"},
		{"Flarum", flarumAddons, `["flarum-tags","fof-byobu"]`, "flarum-tags fof-byobu"},
		{"Flarum with a gap", flarumAddons, `{"0":"flarum-tags","2":"fof-byobu"}`, "flarum-tags fof-byobu"},
		{"an SMF package", smfAddons, `underdog:PersonalizedBBC`, "underdog:PersonalizedBBC"},
		{"SMF hooks", smfAddons, `$sourcedir/Mod.php|Mod::load#,other`, "Mod::load other"},
	} {
		got, err := tt.decode(tt.stored)
		slices.Sort(got)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	for _, broken := range []string{`a:1:{s:6:"active";a:1:{`, `a:1:{s:5:"other";i:1;}`} {
		if got, err := mybbAddons(broken); err == nil {
			t.Errorf("MyBB's %s: %q, want an error", broken, got)
		}
	}
	if got, err := flarumAddons(`["flarum-tags"`); err == nil {
		t.Errorf("a broken list of Flarum: %q, want an error", got)
	}
}

// Lists from the forum are hostile: no decoder may crash on one, or return more names than the list has characters.
func FuzzAddons(f *testing.F) {
	f.Add(`a:1:{s:6:"active";a:1:{s:5:"hello";s:5:"hello";}}`)
	f.Add(`["flarum-tags"]`)
	f.Add(`{"1":"flarum-tags"}`)
	f.Add(`$sourcedir/Mod.php|Mod::load,other`)
	f.Fuzz(func(t *testing.T, stored string) {
		if len(stored) > 4096 {
			t.Skip()
		}
		for _, decode := range []func(string) ([]string, error){mybbAddons, flarumAddons, smfAddons} {
			if names, err := decode(stored); err == nil && len(names) > len(stored)+1 {
				t.Errorf("%d names from %d characters", len(names), len(stored))
			}
		}
		if n, err := phpCount("users")(stored); err == nil && !strings.Contains(stored, "users") {
			t.Errorf("counted %d members without the field", n)
		}
	})
}
