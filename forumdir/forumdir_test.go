package forumdir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeForum writes a forum's files into a folder.
func writeForum(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestFind_KnowsEachSoftware(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  Forum
	}{
		{"XenForo 2", map[string]string{
			"src/config.php": "<?php\n\n$config['db']['host'] = 'localhost';\n$config['db']['port'] = '3306';\n$config['db']['username'] = 'xf';\n$config['db']['password'] = 'p@ss';\n$config['db']['dbname'] = 'forum';\n$config['fullUnicode'] = true;\n",
			"src/XF.php":     "class XF {\n\tpublic static $version = '2.2.15';\n",
		}, Forum{Type: "xenforo2", Title: "XenForo 2.2.15", Version: "2.2.15", Prefix: "xf_", DB: Database{Engine: "mysql", Host: "localhost", Port: "3306", Name: "forum", User: "xf", Password: "p@ss"}}},
		{"XenForo 1", map[string]string{
			"library/config.php":              "<?php\n$config['db']['host'] = 'db.example:3307'; $config['db']['username'] = 'xf'; $config['db']['password'] = ''; $config['db']['dbname'] = 'f';",
			"library/XenForo/Application.php": "public static $version = '1.5.24';",
		}, Forum{Type: "xenforo1", Title: "XenForo 1.5.24", Version: "1.5.24", Prefix: "xf_", DB: Database{Engine: "mysql", Host: "db.example", Port: "3307", Name: "f", User: "xf"}}},
		{"MyBB", map[string]string{
			"inc/config.php":     "<?php\n$config['database']['type'] = 'pgsql';\n$config['database']['database'] = 'bb';\n$config['database']['table_prefix'] = 'mybb_';\n$config['database']['hostname'] = 'localhost';\n$config['database']['username'] = 'u';\n$config['database']['password'] = 'p';",
			"inc/class_core.php": "class MyBB {\n\tpublic $version = \"1.8.37\";\n",
		}, Forum{Type: "mybb", Title: "MyBB 1.8.37", Version: "1.8.37", Prefix: "mybb_", DB: Database{Engine: "postgres", Host: "localhost", Name: "bb", User: "u", Password: "p"}}},
		{"MyBB on SQLite", map[string]string{ // the installer asks for a host on any database
			"inc/config.php": "<?php\n$config['database']['type'] = 'sqlite';\n$config['database']['database'] = '/var/www/mybb/forum.db';\n$config['database']['table_prefix'] = 'mybb_';\n\n$config['database']['hostname'] = '127.0.0.1';\n$config['database']['username'] = 'u';\n$config['database']['password'] = 'p';",
		}, Forum{Type: "mybb", Title: "MyBB", Prefix: "mybb_", DB: Database{Engine: "sqlite", File: "/var/www/mybb/forum.db"}}},
		{"SMF 2.0", map[string]string{
			"Settings.php": "<?php\n########## Forum Info ##########\n$mbname = 'Old Community';\n$boardurl = 'http://smf.example/old';\n########## Database Info ##########\n$db_type = 'postgresql';\n$db_server = 'localhost';\n$db_name = 'smf';\n$db_user = 'u';\n$db_passwd = 'p';\n$ssi_db_user = '';\n$db_prefix = 'smf_';\n$db_persist = 0;\n# Make sure the paths are correct... at least try to fix them.\nif (!file_exists($boarddir) && file_exists(dirname(__FILE__) . '/agreement.txt'))\n\t$boarddir = dirname(__FILE__);\n",
			"index.php":    "<?php\n$forum_version = 'SMF 2.0.15';\n",
		}, Forum{Type: "smf2", Title: "SMF 2.0.15", Version: "2.0.15", Prefix: "smf_", URL: "http://smf.example/old", Name: "Old Community", DB: Database{Engine: "postgres", Host: "localhost", Name: "smf", User: "u", Password: "p"}}},
		{"SMF", map[string]string{
			"Settings.php": "<?php\n$mbname = 'My Community';\n$boardurl = 'https://smf.example/forum';\n$db_type = 'mysql';\n$db_server = '/run/mysqld/mysqld.sock';\n$db_name = 'smf';\n$db_user = 'u';\n$db_passwd = 'p';\n$db_prefix = 'smf_';\n$boarddir = __DIR__;\n",
			"index.php":    "define('SMF_VERSION', '2.1.4');",
		}, Forum{Type: "smf2", Title: "SMF 2.1.4", Version: "2.1.4", Prefix: "smf_", URL: "https://smf.example/forum", Name: "My Community", DB: Database{Engine: "mysql", Socket: "/run/mysqld/mysqld.sock", Name: "smf", User: "u", Password: "p"}}},
		{"phpBB", map[string]string{
			"config.php":             "<?php\n// phpBB 3.3.x auto-generated configuration file\n$dbms = 'phpbb\\\\db\\\\driver\\\\postgres';\n$dbhost = '';\n$dbport = '5433';\n$dbname = 'phpbb';\n$dbuser = 'u';\n$dbpasswd = 'p';\n$table_prefix = 'phpbb_';\n@define('PHPBB_INSTALLED', true);",
			"includes/constants.php": "@define('PHPBB_VERSION', '3.3.17');",
		}, Forum{Type: "phpbb3", Title: "phpBB 3.3.17", Version: "3.3.17", Prefix: "phpbb_", DB: Database{Engine: "postgres", Host: "localhost", Port: "5433", Name: "phpbb", User: "u", Password: "p"}}},
		{"phpBB on SQLite", map[string]string{
			"config.php": "<?php $dbms = 'phpbb\\db\\driver\\sqlite3'; $dbhost = '/var/www/store/phpbb.sqlite3'; $dbname = 'phpbb'; $table_prefix = 'phpbb_';",
		}, Forum{Type: "phpbb3", Title: "phpBB", Prefix: "phpbb_", DB: Database{Engine: "sqlite", File: "/var/www/store/phpbb.sqlite3"}}},
		{"FluxBB", map[string]string{
			"config.php":         "<?php\n\n$db_type = 'mysqli_innodb';\n$db_host = 'localhost:/tmp/mysql.sock';\n$db_name = 'flux';\n$db_username = 'u';\n$db_password = 'p';\n$db_prefix = '';\n$p_connect = false;\n",
			"include/common.php": "define('FORUM_VERSION', '1.5.11');",
		}, Forum{Type: "fluxbb", Title: "FluxBB 1.5.11", Version: "1.5.11", DB: Database{Engine: "mysql", Socket: "/tmp/mysql.sock", Name: "flux", User: "u", Password: "p"}}},
		{"Flarum", map[string]string{
			"config.php": "<?php return array (\n  'debug' => false,\n  'database' => \n  array (\n    'driver' => 'mysql',\n    'host' => 'localhost',\n    'port' => 3306,\n    'database' => 'flarum',\n    'username' => 'u',\n    'password' => 'p',\n    'prefix' => 'fl_',\n  ),\n  'url' => 'https://flarum.example',\n);",
			"vendor/flarum/core/src/Foundation/Application.php": "const VERSION = '1.8.7';",
		}, Forum{Type: "flarum", Title: "Flarum 1.8.7", Version: "1.8.7", Prefix: "fl_", URL: "https://flarum.example", DB: Database{Engine: "mysql", Host: "localhost", Port: "3306", Name: "flarum", User: "u", Password: "p"}}},
		{"Vanilla", map[string]string{
			"conf/config.php": "<?php if (!defined('APPLICATION')) exit();\n\n// Database\n$Configuration['Database']['Name'] = 'vanilla';\n$Configuration['Database']['Host'] = 'localhost:3307';\n$Configuration['Database']['User'] = 'u';\n$Configuration['Database']['Password'] = 'p';\n\n// Garden\n$Configuration['Garden']['Title'] = 'My Forum';\n$Configuration['Garden']['Cookie']['Salt'] = 'x';\n",
			"version.json":    "{\n    \"x-version-scheme\": \"{Release version}\",\n    \"version\": \"2025.010\"\n}",
		}, Forum{Type: "vanilla", Title: "Vanilla 2025.010", Version: "2025.010", Prefix: "GDN_", Name: "My Forum", DB: Database{Engine: "mysql", Host: "localhost", Port: "3307", Name: "vanilla", User: "u", Password: "p"}}},
		{"NodeBB", map[string]string{
			"config.json":  `{"url": "https://nodebb.example/forum", "secret": "s", "database": "postgres", "postgres": {"host": "127.0.0.1", "port": 5432, "username": "u", "password": "p", "database": "nodebb"}}`,
			"package.json": `{"name": "nodebb", "version": "4.15.1"}`,
		}, Forum{Type: "nodebb", Title: "NodeBB 4.15.1", Version: "4.15.1", URL: "https://nodebb.example/forum", DB: Database{Engine: "postgres", Host: "127.0.0.1", Port: "5432", Name: "nodebb", User: "u", Password: "p"}}},
		{"Discourse", map[string]string{
			"containers/app.yml": "templates:\n  - \"templates/web.template.yml\"\nenv:\n  LANG: en_US.UTF-8\n  ## DISCOURSE_HOSTNAME: no\n  DISCOURSE_HOSTNAME: 'talk.example'\n  DISCOURSE_DB_HOST: 10.0.0.5\n  DISCOURSE_DB_PASSWORD: \"p\"\n",
		}, Forum{Type: "discourse", Title: "Discourse", URL: "https://talk.example", DB: Database{Engine: "postgres", Host: "10.0.0.5", Name: "discourse", User: "discourse", Password: "p"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := writeForum(t, tt.files)
			got, err := Find(folder)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.File, folder) {
				t.Errorf("the configuration is %s, outside of %s", got.File, folder)
			}
			got.File = ""
			if got != tt.want {
				t.Errorf("found %+v,\nwant  %+v", got, tt.want)
			}
		})
	}
}

func TestFind_SaysWhatItCannotUse(t *testing.T) {
	if _, err := Find(writeForum(t, map[string]string{"index.php": "<?php"})); !errors.Is(err, ErrNone) {
		t.Errorf("a folder without a forum: %v, want ErrNone", err)
	}
	_, err := Find(writeForum(t, map[string]string{"config.json": `{"url": "https://n.example", "database": "mongo"}`}))
	if _, ok := errors.AsType[NotSupportedError](err); !ok || !strings.Contains(err.Error(), "mongo") {
		t.Errorf("NodeBB on MongoDB: %v, want an error that names mongo", err)
	}
	_, err = Find(writeForum(t, map[string]string{"inc/config.php": "<?php $config['database']['type'] = getenv('DB');"}))
	if _, ok := errors.AsType[NotSupportedError](err); !ok {
		t.Errorf("a computed configuration: %v, want NotSupportedError", err)
	}
	for _, name := range []string{"x\n    DROP ROLE admin; --", "x\x1b[2J", "x\xff"} {
		_, err = Find(writeForum(t, map[string]string{"config.php": "<?php $dbms = 'postgres'; $dbname = '" + name + "';"}))
		if err == nil || !strings.Contains(err.Error(), "the database name has control characters") {
			t.Errorf("database %q: %v, want an error", name, err)
		}
	}
	if _, err := Find(filepath.Join(t.TempDir(), "none")); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("no folder: %v, want another error than ErrNone", err)
	}
}
