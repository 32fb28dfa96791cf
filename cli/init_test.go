package cli

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/forumdir"
	"postrider/internal/servertest"
)

// installedForum loads FluxBB's dump and writes FluxBB's configuration for it.
func installedForum(t *testing.T) (folder, dsn string) {
	t.Helper()
	dsn = servertest.MariaDB(t)
	servertest.LoadDump(t, dsn, "../source/testdata/fluxbb-mariadb.sql.gz")
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	text := fmt.Sprintf("<?php\n$db_type = 'mysqli_innodb';\n$db_host = 'localhost:%s';\n$db_name = '%s';\n$db_username = '%s';\n$db_password = '';\n$db_prefix = '';\n",
		u.Query().Get("socket"), strings.TrimPrefix(u.Path, "/"), u.User.Username())
	if err := os.WriteFile(filepath.Join(folder, "config.php"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, dsn
}

func TestInit_AccountOfPrintedStatementsCanReadForum(t *testing.T) {
	folder, dsn := installedForum(t)
	config := filepath.Join(t.TempDir(), "config.toml")
	out := mustRun(t, "init", folder, "-c", config, "--user", "reader_of_test")
	db := servertest.OpenMariaDB(t, dsn)
	done := 0
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "CREATE USER") || strings.HasPrefix(line, "GRANT SELECT ON") {
			if _, err := db.ExecContext(t.Context(), line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			done++
		}
	}
	if done != 2 {
		t.Fatalf("the output has %d statements, want 2:\n%s", done, out)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`type = "fluxbb"`, `url = "http://forum.example.test/fluxbb"`, `name = "FluxBB test board"`, "digest@forum.example.test", "reader_of_test:"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the configuration lacks %s:\n%s", want, text)
		}
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the configuration, which holds a password, has the mode %v (%v), want 0600", info.Mode(), err)
	}
	checked, _, _ := run(t, "check", "--offline", "-c", config)
	for _, want := range []string{"ok    forum queries", "ok    forum account", "ok    forum version: 1.5.11"} {
		if !strings.Contains(checked, want) {
			t.Errorf("check does not print %q:\n%s", want, checked)
		}
	}
}

func TestInit_ForumAccountIsSaidToWrite(t *testing.T) {
	folder, _ := installedForum(t)
	config := filepath.Join(t.TempDir(), "config.toml")
	out, _, _ := run(t, "init", folder, "-c", config, "--forum-account") // runs check, which finds no relay
	for _, want := range []string{"Warning: this is the forum's own account", "Checking " + config, "ok    forum queries", "warn  forum account"} {
		if !strings.Contains(out, want) {
			t.Errorf("init does not print %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "CREATE USER") {
		t.Errorf("init prints statements for an account that it does not use:\n%s", out)
	}
}

func TestInit_RefusesWithCure(t *testing.T) {
	folder, _ := installedForum(t)
	dir := t.TempDir()
	existing := filepath.Join(dir, "existing.toml")
	if err := os.WriteFile(existing, []byte("# mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	smf := t.TempDir() // no database answers, so nothing tells the address
	if err := os.WriteFile(filepath.Join(smf, "Settings.php"), []byte("<?php $db_type='mysql'; $db_server='/nowhere.sock'; $db_name='smf'; $db_user='u'; $db_passwd='sesame';"), 0o600); err != nil {
		t.Fatal(err)
	}
	odd := t.TempDir()
	if err := os.WriteFile(filepath.Join(odd, "config.php"), []byte("<?php $dbms='mysqli'; $dbhost='127.0.0.1/x?socket=/x'; $dbname='x'; $dbuser='u'; $dbpasswd='sesame'; $table_prefix='phpbb; --';"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		code       int
		args       []string
	}{
		{"values that no configuration can have", "nothing was written", 2, []string{odd, "-c", filepath.Join(dir, "d.toml"), "--url", "https://forum.example.org"}},
		{"an existing configuration", "remove it, or name another file with --config", 2, []string{folder, "-c", existing}},
		{"a folder without a forum", "docs/custom-forum.md", 1, []string{dir, "-c", filepath.Join(dir, "a.toml")}},
		{"no address", "add --url", 2, []string{smf, "-c", filepath.Join(dir, "b.toml")}},
		{"a hostile account name", "only letters, digits and _", 2, []string{folder, "-c", filepath.Join(dir, "c.toml"), "--user", "x'; DROP TABLE posts"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, errOut, code := run(t, append([]string{"init"}, tt.args...)...)
			if code != tt.code || !strings.Contains(errOut, tt.want) {
				t.Errorf("exit code %d, %q, want %d and %q", code, errOut, tt.code, tt.want)
			}
			if strings.Contains(out+errOut, "sesame") {
				t.Error("the output has the forum's password")
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "d.toml")); err == nil {
		t.Error("a configuration that cannot be read was written")
	}
	if text, err := os.ReadFile(existing); err != nil || string(text) != "# mine" {
		t.Errorf("the existing configuration is %q now (%v)", text, err)
	}
}

func TestInitConfig_QuotesHostileNames(t *testing.T) {
	a := account{db: forumdir.Database{Engine: "mysql", Host: "127.0.0.1", Port: "3307", Name: "my_`%forum"}, user: "reader"}
	if got, want := a.statements(), "GRANT SELECT ON `my\\_``\\%forum`.* TO"; !strings.Contains(got, want) {
		t.Errorf("the statements are\n%s, want %s", got, want)
	}
	if got, want := tomlString("a\"b\\c\n\x00<d>"), `"a\"b\\c\n\u0000<d>"`; got != want {
		t.Errorf("tomlString = %s, want %s", got, want)
	}
}
