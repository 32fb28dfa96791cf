package forumdir

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// readNodeBB reads config.json.
func readNodeBB(f *Forum, text string) error {
	var c struct {
		URL      string
		Database string
		Postgres struct {
			Host, Username, Password, Database string
			Port                               any // a number or a text
		}
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Database == "" {
		return ErrNone
	}
	if c.Database != "postgres" {
		return NotSupportedError{"NodeBB", fmt.Sprintf("its database is %s: Postrider reads NodeBB only from PostgreSQL", c.Database)}
	}
	f.URL = c.URL
	f.DB = database(c.Database, c.Postgres.Host, "", c.Postgres.Database, c.Postgres.Username, c.Postgres.Password)
	if c.Postgres.Port != nil {
		f.DB.Port = fmt.Sprint(c.Postgres.Port)
	}
	return nil
}

// readDiscourse reads discourse.conf (key = value) or app.yml (DISCOURSE_KEY: value).
func readDiscourse(f *Forum, text string) error {
	v := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, "=")
		if strings.HasPrefix(line, "DISCOURSE_") {
			key, value, found = strings.Cut(line, ":")
		}
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		key = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(key)), "discourse_")
		v[key] = strings.Trim(strings.TrimSpace(value), `'"`)
	}
	if v["hostname"] == "" && v["db_name"] == "" {
		return ErrNone
	}
	if v["hostname"] != "" {
		f.URL = "https://" + v["hostname"] + v["relative_url_root"]
	}
	f.DB = database("postgres", v["db_host"], v["db_port"], cmp.Or(v["db_name"], "discourse"), cmp.Or(v["db_username"], "discourse"), v["db_password"])
	return nil
}
