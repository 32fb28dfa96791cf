package mirror

import (
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// everyone stands for all members, with or without a group, in the readers of a section.
	everyone = "*"
	// maxGroups is how many groups a section or a member can have.
	maxGroups = 100
)

// Groups are names of groups, which may be any text of up to 200 characters. An empty list is not the same as none.
type Groups struct {
	Given bool
	Names []string
}

// UnmarshalJSONFrom reads an array of strings. null is a mistake: taken for a missing list, it would leave a section public.
func (g *Groups) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	if in.PeekKind() != '[' {
		return errors.New("not an array")
	}
	g.Given = true
	return json.UnmarshalDecode(in, &g.Names)
}

// public reports whether everyone is one of the groups.
func (g Groups) public() bool { return slices.Contains(g.Names, everyone) }

// setReaders stores who may read a section, unless the sender leaves that as it was.
func (in *intake) setReaders(section int64, readers Groups) error {
	if !readers.Given {
		return nil
	}
	public := 0
	if readers.public() {
		public, readers.Names = 1, nil
	}
	if _, err := in.exec("set_public", args{"id": section, "public": public}); err != nil {
		return err
	}
	return in.setGroups("section_readers", "section_reader", section, readers.Names)
}

// setMemberships stores the groups of a member, unless the sender leaves them as they were.
func (in *intake) setMemberships(member int64, groups Groups) error {
	if !groups.Given {
		return nil
	}
	if same, err := in.hasGroups(member, groups.Names); err != nil || same {
		return err
	}
	return in.setGroups("memberships", "membership", member, groups.Names)
}

// setGroups replaces the groups of a section or a member.
func (in *intake) setGroups(all, one string, of int64, names []string) error {
	if _, err := in.exec("delete_"+all, args{"id": of}); err != nil {
		return err
	}
	for _, name := range names {
		group, err := in.group(name)
		if err != nil {
			return err
		}
		if _, err := in.exec("add_"+one, args{"id": of, "group_id": group}); err != nil {
			return err
		}
	}
	return nil
}

// group returns our ID of a group, which may be new.
func (in *intake) group(name string) (id int64, err error) {
	if id, known := in.ids["group "+name]; known {
		return id, nil
	}
	err = in.get("group_id", args{"ref": name}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		err = in.get("add_group", args{"ref": name}, &id)
	}
	if err == nil {
		in.ids["group "+name] = id
	}
	return id, err
}

// hasGroups reports whether a member has exactly these groups.
func (in *intake) hasGroups(member int64, names []string) (bool, error) {
	var has []string
	if err := in.list("groups_of", args{"id": member}, &has); err != nil {
		return false, err
	}
	wanted := slices.Clone(names)
	slices.Sort(wanted)
	slices.Sort(has)
	return slices.Equal(has, slices.Compact(wanted)), nil
}

// groups reports what is wrong with the groups of a section or a member.
func (c *checker) groups(path string, g Groups, star bool) {
	if len(g.Names) > maxGroups {
		c.add(path, "must have at most %d groups", maxGroups)
		return
	}
	for _, name := range g.Names {
		if c.id(path, name, true); strings.TrimSpace(name) != name || name == everyone && !star {
			c.add(path, "must be names of groups, without spaces around them; \"*\" is only for sections")
		}
	}
}
