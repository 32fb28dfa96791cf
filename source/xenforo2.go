package source

import (
	"encoding/json"
	"errors"
	"fmt"

	"postrider/internal/sqlfile"
	"postrider/markup"
)

func xenforo2() forumType {
	return forumType{
		name:     "xenforo2",
		title:    "XenForo 2.1 to 2.3",
		markup:   "BBCode",
		notes:    xenforoNotes,
		engines:  []sqlfile.Engine{sqlfile.MySQL},
		prefix:   "xf_",
		files:    []string{"xenforo.sql", "xenforo2.sql"},
		versions: []string{"2.1", "2.2", "2.3"},
		lost:     lostXenForo,
		links:    newXenforoLinks,
		dialect:  markup.Dialect{ShortNames: true},
		filter:   xenforoFilter,
		counted:  phpCount("users"),
		rights:   jsonRights,
	}
}

// jsonRights decodes a permission cache of XenForo 2: {"view":true,"viewOthers":true, ...}. PHP encodes an
// empty one as [].
func jsonRights(cache []byte) (grant, error) {
	if string(cache) == "[]" {
		return grant{}, nil
	}
	var flags map[string]phpBool
	if err := json.Unmarshal(cache, &flags); err != nil {
		return grant{}, fmt.Errorf("reading a permission cache: %w", err)
	}
	if flags == nil {
		return grant{}, errors.New("reading a permission cache: must not be null")
	}
	return nodeRights(func(name string) bool { return bool(flags[name]) }), nil
}

// phpBool is a flag in XenForo's JSON: true or 1, also as a string. Everything else is false, because another
// number is a limit, not a permission.
type phpBool bool

// UnmarshalJSON never fails: a value that is not a flag is false.
func (t *phpBool) UnmarshalJSON(text []byte) error {
	*t = string(text) == "true" || string(text) == "1" || string(text) == `"1"`
	return nil
}
