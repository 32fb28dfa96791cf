package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
	"postrider/source"
)

// resolvedAudience is an audience and the list entries that match no member.
type resolvedAudience struct {
	digest.Audience
	unknown []string // list entries that match no member
}

// resolve replaces the names of groups, sections and members with their IDs.
func (f audienceFile) resolve(ctx context.Context, db *source.DB, resolver *audience.Resolver, dir string, zone *time.Location) (resolvedAudience, error) {
	only, err := readList(f.Members, f.MembersFile, dir)
	if err != nil {
		return resolvedAudience{}, err
	}
	except, err := readList(f.Except, f.ExceptFile, dir)
	if err != nil {
		return resolvedAudience{}, err
	}
	r := resolvedAudience{Audience: digest.Audience{Locales: f.Locales, MinPosts: f.MinPosts, MaxPosts: f.MaxPosts}}
	for _, m := range []struct {
		key     string
		written any
		to      *time.Time
	}{
		{"joined_after", f.JoinedAfter, &r.JoinedAfter}, {"joined_before", f.JoinedBefore, &r.JoinedBefore},
		{"visited_after", f.VisitedAfter, &r.VisitedAfter}, {"visited_before", f.VisitedBefore, &r.VisitedBefore},
	} {
		if *m.to, err = parseMoment(m.written, zone); err != nil {
			return resolvedAudience{}, fmt.Errorf("audience.%s %w", m.key, err)
		}
	}
	if err := db.Read(ctx, func(s *source.Snapshot) error { return r.resolveSections(ctx, s, f) }); err != nil {
		return resolvedAudience{}, err
	}
	var gone []string
	if r.Only, r.unknown, err = resolver.ResolveList(ctx, only); err != nil {
		return resolvedAudience{}, err
	}
	r.Except, gone, err = resolver.ResolveList(ctx, except)
	r.unknown = append(r.unknown, gone...)
	if err == nil && len(only) > 0 && len(r.Only) == 0 {
		err = fmt.Errorf("audience.members: no entry of the list is a member of the forum (%s)", firstFew(r.unknown))
	}
	return r, err
}

// parseMoment parses the value of a date key. Dates, and times without a zone, are in the site's zone.
func parseMoment(written any, zone *time.Location) (time.Time, error) {
	t, ok := written.(time.Time)
	switch {
	case written == nil:
		return time.Time{}, nil
	case !ok:
		return time.Time{}, fmt.Errorf("is %v: must be a date without quotes, for example 2026-05-04, or a time, for example 2026-05-04T08:00:00Z", written)
	case strings.HasSuffix(t.Location().String(), "-local"): // set by the TOML library for times without a zone
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
	}
	return t.UTC(), nil
}

// resolveSections resolves groups and sections.
func (r *resolvedAudience) resolveSections(ctx context.Context, s *source.Snapshot, f audienceFile) error {
	groups, err := s.Groups(ctx)
	if err != nil {
		return err
	}
	groupNames := make(map[int64]string)
	for _, g := range groups {
		groupNames[int64(g.ID)] = g.Title
	}
	sections, err := s.Sections(ctx)
	if err != nil {
		return err
	}
	sectionNames := make(map[int64]string)
	for _, sec := range sections {
		sectionNames[int64(sec.ID)] = sec.Title
	}
	r.Groups, err = named[forum.GroupID]("audience.groups", f.Groups, groupNames)
	if err != nil {
		return err
	}
	if r.ExceptGroups, err = named[forum.GroupID]("audience.except_groups", f.ExceptGroups, groupNames); err != nil {
		return err
	}
	r.Sections, err = named[forum.SectionID]("audience.sections", f.Sections, sectionNames)
	return err
}

// named finds groups or sections of the forum by ID or name.
func named[ID ~int64](key string, wanted []any, names map[int64]string) ([]ID, error) {
	var ids []ID
	for _, w := range wanted {
		var hits []int64
		for id, name := range names {
			if text := fmt.Sprint(w); text == strconv.FormatInt(id, 10) || strings.EqualFold(text, name) {
				hits = append(hits, id)
			}
		}
		slices.Sort(hits)
		switch len(hits) {
		case 0:
			return nil, fmt.Errorf("%s: the forum has no %q; it has %s", key, fmt.Sprint(w), listed(names))
		case 1:
			ids = append(ids, ID(hits[0]))
		default:
			return nil, fmt.Errorf("%s: %q is ambiguous: use one of the IDs %v", key, fmt.Sprint(w), hits)
		}
	}
	return ids, nil
}

func listed(names map[int64]string) string {
	var list []string
	for id, name := range names {
		list = append(list, fmt.Sprintf("%q (%d)", line.Fit(name, 40), id))
	}
	slices.Sort(list)
	if more := len(list) - 12; more > 0 {
		list = append(list[:12], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

// readList returns the entries of a list in the front matter, and those of a list in a separate file.
func readList(list []any, file, dir string) ([]string, error) {
	var all []string
	for _, e := range list {
		all = append(all, strings.TrimSpace(fmt.Sprint(e)))
	}
	if file == "" {
		return all, nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the member list: %w", err)
	}
	defer f.Close()
	more, err := audience.ParseMemberList(f)
	if err != nil {
		return nil, fmt.Errorf("reading the member list: %s: %w", file, err)
	}
	return append(all, more...), nil
}

// firstFew formats the first few entries of a list.
func firstFew(list []string) string {
	const most = 5
	var shown []string
	for _, e := range list[:min(len(list), most)] {
		shown = append(shown, strconv.Quote(line.Fit(e, 60)))
	}
	text := strings.Join(shown, ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
