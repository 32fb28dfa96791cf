package source

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"postrider/forum"
)

// grant is the permissions of one role in one section.
type grant struct {
	view, read bool
	own        bool // own threads only
	never      bool // no other role can permit anything
	always     bool // no other role can forbid it
}

// grants holds the permissions by role and section; section 0 is the role's default.
type grants map[string]map[forum.SectionID]grant

// Access reads what each access class may read, in sections that are not closed.
func (s *Snapshot) Access(ctx context.Context, classes []forum.Class) (map[forum.Class]forum.Access, error) {
	nodes, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	if s.db.kind.public {
		return anyoneMayRead(classes, visibleSections(nodes)), nil
	}
	var roles []string
	for _, c := range classes {
		roles = append(roles, rolesOf(c)...)
	}
	slices.Sort(roles)
	granted, err := s.rights(ctx, slices.Compact(roles))
	if err != nil {
		return nil, err
	}
	listed := visibleSections(nodes)
	if s.db.kind.inherits {
		granted.inherit(listed)
	}
	access := make(map[forum.Class]forum.Access, len(classes))
	for _, c := range classes {
		access[c] = granted.access(rolesOf(c), listed)
		if s.db.kind.needParent {
			access[c] = withParents(access[c], listed)
		}
	}
	return access, nil
}

// withParents leaves out sections below one that may not be read. In listed, parents come first.
func withParents(own forum.Access, listed []node) forum.Access {
	access := make(forum.Access, len(own))
	for _, n := range listed {
		if right := own[n.id]; right != forum.NoRight && (n.parent == 0 || access[n.parent] != forum.NoRight) {
			access[n.id] = right
		}
	}
	return access
}

// rights reads the permissions of roles. It decodes each distinct text once, because most sections and roles share a few.
func (s *Snapshot) rights(ctx context.Context, roles []string) (grants, error) {
	granted := make(grants)
	decoded := make(map[string]grant)
	names := make(interner)
	var role, text sql.RawBytes
	var section forum.SectionID
	err := queryChunked(ctx, s, "rights", "roles", roles, nil, columns{"role": &role, "section_id": &section, "rights": &text}, func() error {
		g, known := decoded[string(text)]
		if !known {
			var err error
			if g, err = s.db.kind.rights(text); err != nil {
				return fmt.Errorf("rights of role %s in section %d: %w", role, section, err)
			}
			decoded[string(text)] = g
		}
		name := names.intern(role)
		if granted[name] == nil {
			granted[name] = make(map[forum.SectionID]grant)
		}
		granted[name][section] = g
		return nil
	})
	return granted, err
}

// inherit copies permissions from parents to children without their own. In listed, parents come first.
func (g grants) inherit(listed []node) {
	for _, sections := range g {
		for _, n := range listed {
			if _, own := sections[n.id]; !own {
				sections[n.id] = sections[n.parent]
			}
		}
	}
}

// access merges roles as MyBB does (inc/functions.php of 1.8, fetch_forum_permissions): a permission of any
// role counts. Members are limited to their own threads only if every role that lets them view the section
// has that limit. With a single role, as in XenForo, the result is the role's permission.
func (g grants) access(roles []string, listed []node) forum.Access {
	access := make(forum.Access)
	for _, n := range listed {
		if !n.hasThreads {
			continue
		}
		var view, read, all, never, always bool
		for _, role := range roles {
			right := g[role][n.id]
			view = view || right.view
			read = read || right.read
			all = all || right.view && !right.own
			never = never || right.never
			always = always || right.always
		}
		switch {
		case always:
			access[n.id] = forum.ReadAll
		case never || !view || !read:
		case all:
			access[n.id] = forum.ReadAll
		default:
			access[n.id] = forum.ReadOwn
		}
	}
	return access
}

// parseRightDigits decodes permissions written as three digits: view, read, own threads only.
func parseRightDigits(text []byte) (grant, error) {
	if len(text) != 3 || text[0]|1 != '1' || text[1]|1 != '1' || text[2]|1 != '1' {
		return grant{}, fmt.Errorf("invalid permissions %.20q: must be three digits, each 0 or 1", text)
	}
	return grant{view: text[0] == '1', read: text[1] == '1', own: text[2] == '1'}, nil
}
