package admin

import (
	"context"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// audienceForm holds the values of an audience's fields.
type audienceForm struct {
	Groups, ExceptGroups, Sections map[int64]bool
	Locales                        string
	MinPosts, MaxPosts             string
	JoinedAfter, JoinedBefore      string // dates
	VisitedAfter, VisitedBefore    string
	Only, Except                   string // lists: one member a line, or CSV
	SkipUnknown                    bool   // ignore list entries that match no member
	onlyFile, exceptFile           string // the uploaded lists
}

// option is a group or section to choose.
type option struct {
	ID    int64
	Title string
}

// forumOptions are all groups and sections.
type forumOptions struct{ Groups, Sections []option }

// forumOptions loads the forum's groups and sections.
func (s *Server) forumOptions(ctx context.Context) (p forumOptions, err error) {
	err = s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		groups, err := snapshot.Groups(ctx)
		if err != nil {
			return err
		}
		sections, err := snapshot.Sections(ctx)
		for _, g := range groups {
			p.Groups = append(p.Groups, option{int64(g.ID), g.Title})
		}
		for _, x := range sections {
			p.Sections = append(p.Sections, option{int64(x.ID), x.Title})
		}
		return err
	})
	return p, err
}

// parseAudienceForm reads the audience's fields of a form.
func parseAudienceForm(form url.Values, files *multipart.Form) audienceForm {
	f := audienceForm{
		Groups: parseIDSet(form["group"]), ExceptGroups: parseIDSet(form["except_group"]), Sections: parseIDSet(form["section"]),
		Locales: form.Get("locales"), MinPosts: strings.TrimSpace(form.Get("min_posts")), MaxPosts: strings.TrimSpace(form.Get("max_posts")),
		JoinedAfter: form.Get("joined_after"), JoinedBefore: form.Get("joined_before"),
		VisitedAfter: form.Get("visited_after"), VisitedBefore: form.Get("visited_before"),
		Only: form.Get("only"), Except: form.Get("except"), SkipUnknown: form.Get("skip_unknown") != "",
	}
	f.onlyFile, f.exceptFile = fileText(files, "only_file"), fileText(files, "except_file")
	return f
}

func parseIDSet(texts []string) map[int64]bool {
	set := make(map[int64]bool)
	for _, text := range texts {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			set[id] = true
		}
	}
	return set
}

// newAudienceForm returns the fields for an audience.
func newAudienceForm(a digest.Audience, zone *time.Location) audienceForm {
	return audienceForm{
		Groups: toSet(a.Groups), ExceptGroups: toSet(a.ExceptGroups), Sections: toSet(a.Sections), Locales: strings.Join(a.Locales, ", "),
		MinPosts: intOrEmpty(a.MinPosts), MaxPosts: intOrEmpty(a.MaxPosts),
		JoinedAfter: formatDay(a.JoinedAfter, zone), JoinedBefore: formatDay(a.JoinedBefore, zone),
		VisitedAfter: formatDay(a.VisitedAfter, zone), VisitedBefore: formatDay(a.VisitedBefore, zone),
		Only: joinIDs(a.Only), Except: joinIDs(a.Except),
	}
}

func toSet[ID ~int64](ids []ID) map[int64]bool {
	all := make(map[int64]bool, len(ids))
	for _, id := range ids {
		all[int64(id)] = true
	}
	return all
}

func intOrEmpty(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func formatDay(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.DateOnly)
}

func joinIDs(ids []forum.MemberID) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(strconv.FormatInt(int64(id), 10) + "\n")
	}
	return b.String()
}

// formError is an error of a form: a key of "admin_compose_error" and its detail.
type formError struct{ Name, Text string }

// maxUnknownShown is how many list entries that match no member are shown.
const maxUnknownShown = 10

// audience converts the fields to an audience.
func (s *Server) audience(ctx context.Context, f audienceForm) (a digest.Audience, formErrors []formError, err error) {
	a = digest.Audience{Groups: selectedIDs[forum.GroupID](f.Groups), ExceptGroups: selectedIDs[forum.GroupID](f.ExceptGroups), Sections: selectedIDs[forum.SectionID](f.Sections)}
	a.Locales = strings.FieldsFunc(f.Locales, func(r rune) bool { return r == ',' || r == ' ' })
	number := func(text string, to *int) {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			*to = n
		} else if text != "" {
			formErrors = append(formErrors, formError{"number", text})
		}
	}
	day := func(text string, to *time.Time) {
		t, err := time.ParseInLocation(time.DateOnly, text, s.Zone)
		if err == nil {
			*to = t.UTC()
		} else if text != "" {
			formErrors = append(formErrors, formError{"day", text})
		}
	}
	number(f.MinPosts, &a.MinPosts)
	number(f.MaxPosts, &a.MaxPosts)
	day(f.JoinedAfter, &a.JoinedAfter)
	day(f.JoinedBefore, &a.JoinedBefore)
	day(f.VisitedAfter, &a.VisitedAfter)
	day(f.VisitedBefore, &a.VisitedBefore)
	only, unknown, invalid, err := s.members(ctx, f.Only, f.onlyFile)
	if err != nil {
		return a, nil, err
	}
	except, unknownExcept, exceptInvalid, err := s.members(ctx, f.Except, f.exceptFile)
	if err != nil {
		return a, nil, err
	}
	a.Only, a.Except = only, except
	unknown = append(unknown, unknownExcept...)
	switch {
	case invalid || exceptInvalid:
		formErrors = append(formErrors, formError{"list", ""})
	case len(unknown) > 0 && !f.SkipUnknown:
		text := strings.Join(unknown[:min(len(unknown), maxUnknownShown)], ", ")
		if len(unknown) > maxUnknownShown {
			text += ", …"
		}
		formErrors = append(formErrors, formError{"unknown_entries", text})
	case len(only) == 0 && strings.TrimSpace(f.Only+f.onlyFile) != "":
		formErrors = append(formErrors, formError{"no_members", ""})
	}
	return a, formErrors, nil
}

func selectedIDs[ID ~int64](set map[int64]bool) []ID {
	var ids []ID
	for id := range set {
		ids = append(ids, ID(id))
	}
	slices.Sort(ids)
	return ids
}

// members resolves lists of members. damaged: a list cannot be parsed.
func (s *Server) members(ctx context.Context, lists ...string) (ids []forum.MemberID, unknown []string, invalid bool, err error) {
	var all []string
	for _, text := range lists {
		list, err := audience.ParseMemberList(strings.NewReader(text))
		if err != nil {
			return nil, nil, true, nil
		}
		all = append(all, list...)
	}
	if len(all) == 0 {
		return nil, nil, false, nil
	}
	ids, unknown, err = s.resolver.ResolveList(ctx, all)
	return ids, unknown, false, err
}
