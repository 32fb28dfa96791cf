package forumdir

import (
	"cmp"
	"regexp"
	"strings"
)

// software is a forum software and how to read its configuration.
type software struct {
	kind, title string
	files       []string // where its configuration can be
	// read fills in what the configuration says. ErrNone: the file is of another software.
	read        func(f *Forum, text string) error
	versionFile string
	version     *regexp.Regexp // of the version in versionFile
}

// softwares are in an order in which a file that several of them could have is read by the right one: config.php is phpBB's,
// FluxBB's and Flarum's.
func softwares() []software {
	return []software{
		{"xenforo2", "XenForo", []string{"src/config.php"}, readXenForo, "src/XF.php", regexp.MustCompile(`\$version = '([0-9.]+)`)},
		{"xenforo1", "XenForo", []string{"library/config.php"}, readXenForo, "library/XenForo/Application.php", regexp.MustCompile(`\$version = '([0-9.]+)`)},
		{"mybb", "MyBB", []string{"inc/config.php"}, readMyBB, "inc/class_core.php", regexp.MustCompile(`\$version = "([0-9.]+)`)},
		{"smf2", "SMF", []string{"Settings.php"}, readSMF, "index.php", regexp.MustCompile(`(?:SMF_VERSION', '|\$forum_version = 'SMF )([0-9.]+)`)},
		{"phpbb3", "phpBB", []string{"config.php"}, readPhpBB, "includes/constants.php", regexp.MustCompile(`PHPBB_VERSION', '([0-9.]+)`)},
		{"fluxbb", "FluxBB", []string{"config.php"}, readFluxBB, "include/common.php", regexp.MustCompile(`FORUM_VERSION', '([0-9.]+)`)},
		{"flarum", "Flarum", []string{"config.php"}, readFlarum, "vendor/flarum/core/src/Foundation/Application.php", regexp.MustCompile(`VERSION = '([0-9.]+)`)},
		{"discourse", "Discourse", []string{"config/discourse.conf", "discourse.conf", "containers/app.yml", "app.yml"}, readDiscourse, "lib/version.rb",
			regexp.MustCompile(`STRING = "([0-9.]+)`)},
		{"vanilla", "Vanilla", []string{"conf/config.php"}, readVanilla, "version.json", regexp.MustCompile(`"version":\s*"([0-9.]+)`)},
		{"nodebb", "NodeBB", []string{"config.json"}, readNodeBB, "package.json", regexp.MustCompile(`"version":\s*"([0-9.]+)`)},
	}
}

// readXenForo reads src/config.php of XenForo 2 or library/config.php of XenForo 1. Only the database is there.
func readXenForo(f *Forum, text string) error {
	v := parsePHP(text)
	f.DB = database("mysql", v["config.db.host"], v["config.db.port"], v["config.db.dbname"], v["config.db.username"], v["config.db.password"])
	f.DB.Socket = cmp.Or(v["config.db.socket"], f.DB.Socket)
	f.Prefix = "xf_"
	return nil
}

func readMyBB(f *Forum, text string) error {
	v := parsePHP(text)
	if strings.Contains(v["config.database.type"], "sqlite") {
		v["config.database.hostname"] = "" // the installer asks for it on any database; the file is the database's name
	}
	f.DB = database(v["config.database.type"], v["config.database.hostname"], "", v["config.database.database"], v["config.database.username"],
		v["config.database.password"])
	f.Prefix = v["config.database.table_prefix"]
	return nil
}

func readSMF(f *Forum, text string) error {
	v := parsePHP(text)
	if v["db_type"] == "" {
		v["db_type"] = "mysql" // SMF 2.0 may leave it out
	}
	f.DB = database(v["db_type"], v["db_server"], v["db_port"], v["db_name"], v["db_user"], v["db_passwd"])
	f.Prefix, f.URL, f.Name = v["db_prefix"], v["boardurl"], v["mbname"]
	return nil
}

func readPhpBB(f *Forum, text string) error {
	v := parsePHP(text)
	if v["dbms"] == "" {
		return ErrNone
	}
	f.DB = database(v["dbms"], v["dbhost"], v["dbport"], v["dbname"], v["dbuser"], v["dbpasswd"])
	f.Prefix = v["table_prefix"]
	return nil
}

func readFluxBB(f *Forum, text string) error {
	v := parsePHP(text)
	if v["db_type"] == "" {
		return ErrNone
	}
	f.DB = database(v["db_type"], v["db_host"], "", v["db_name"], v["db_username"], v["db_password"])
	f.Prefix = v["db_prefix"]
	return nil
}

// readFlarum reads config.php, which returns an array.
func readFlarum(f *Forum, text string) error {
	v := parsePHP(text)
	if v[".database.driver"] == "" {
		return ErrNone
	}
	f.DB = database(v[".database.driver"], v[".database.host"], v[".database.port"], v[".database.database"], v[".database.username"], v[".database.password"])
	f.Prefix, f.URL = v[".database.prefix"], v[".url"]
	return nil
}

// readVanilla reads conf/config.php. The prefix is only there if it is not the usual one; older versions have theirs there, too.
func readVanilla(f *Forum, text string) error {
	v := parsePHP(text)
	if v["Configuration.Database.Name"] == "" {
		return ErrNone
	}
	f.DB = database("mysql", v["Configuration.Database.Host"], v["Configuration.Database.Port"], v["Configuration.Database.Name"], v["Configuration.Database.User"],
		v["Configuration.Database.Password"])
	f.Prefix, f.Name = cmp.Or(v["Configuration.Database.DatabasePrefix"], "GDN_"), v["Configuration.Garden.Title"]
	return nil
}

// database names the engine of a driver, as forums write it, and splits what they write as a host.
func database(driver, host, port, name, user, password string) Database {
	d := Database{Host: host, Port: port, Name: name, User: user, Password: password}
	driver = strings.ToLower(driver)
	switch {
	case strings.Contains(driver, "mysql"), strings.Contains(driver, "mariadb"):
		d.Engine = "mysql"
	case strings.Contains(driver, "postgres"), strings.Contains(driver, "pgsql"):
		d.Engine = "postgres"
	case strings.Contains(driver, "sqlite"):
		d.Engine, d.File = "sqlite", cmp.Or(host, name) // phpBB writes the file as the host, the others as the database
		if d.File == "localhost" {
			d.File = name
		}
		return Database{Engine: d.Engine, File: d.File}
	}
	switch before, after, found := strings.Cut(host, ":"); {
	case strings.HasPrefix(host, "/"):
		d.Host, d.Socket = "", host
	case found && strings.HasPrefix(after, "/"): // localhost:/run/mysqld/mysqld.sock
		d.Host, d.Socket = "", after
	case found && port == "" && !strings.Contains(after, ":"):
		d.Host, d.Port = before, after
	}
	if d.Host == "" && d.Socket == "" {
		d.Host = "localhost"
	}
	if d.Port == "0" {
		d.Port = ""
	}
	return d
}
