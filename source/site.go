package source

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/finding"
)

// Site is what a forum's database says about the forum. What it does not hold is empty.
type Site struct {
	Name    string // plain text
	URL     string
	Version string // "3.3.17"
}

var versionNumber = regexp.MustCompile(`[0-9]+\.[0-9]+(\.[0-9]+)*`)

// Site reads what the forum's database says about the forum.
func (db *DB) Site(ctx context.Context) (site Site, err error) {
	err = db.Read(ctx, func(s *Snapshot) error {
		site, err = s.site(ctx)
		return err
	})
	return site, err
}

func (s *Snapshot) site(ctx context.Context) (site Site, err error) {
	var version string
	err = s.queryNamed(ctx, "site", nil, columns{"name": &site.Name, "url": &site.URL, "version": &version}, func() error {
		site.Name = s.name(site.Name)
		site.URL = strings.TrimRight(site.URL, "/")
		site.Version = versionNumber.FindString(version)
		return nil
	})
	return site, err
}

// checkVersion names the version of the forum's software, and warns of one that the forum type was not made for.
func (s *Snapshot) checkVersion(ctx context.Context) []finding.Finding {
	site, err := s.site(ctx)
	if err != nil || site.Version == "" { // checkQueries reports the error
		return nil
	}
	made := slices.ContainsFunc(s.db.kind.versions, func(v string) bool { return site.Version == v || strings.HasPrefix(site.Version, v+".") })
	if !made && len(s.db.kind.versions) > 0 {
		return []finding.Finding{finding.Warn("version",
			fmt.Sprintf("the forum is version %s, and type %s is made for %s", site.Version, s.db.kind.name, strings.Join(s.db.kind.versions, ", ")),
			"compare previews of some members with what they see on the forum, before you send anything")}
	}
	return []finding.Finding{finding.OK("version", site.Version)}
}
