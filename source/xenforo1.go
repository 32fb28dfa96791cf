package source

import (
	"fmt"

	"postrider/internal/sqlfile"
)

func xenforo1() forumType {
	return forumType{
		name:     "xenforo1",
		title:    "XenForo 1.5",
		markup:   "BBCode",
		notes:    xenforoNotes,
		engines:  []sqlfile.Engine{sqlfile.MySQL},
		prefix:   "xf_",
		files:    []string{"xenforo.sql", "xenforo1.sql"},
		versions: []string{"1.5"},
		lost:     lostXenForo,
		links:    newXenforoLinks,
		filter:   xenforoFilter,
		rights:   phpRights,
		counted:  phpCount("users"),
	}
}

// phpRights decodes a permission cache of XenForo 1: a:9:{s:4:"view";b:1; ...}.
func phpRights(cache []byte) (grant, error) {
	flags, err := parsePHPFlags(cache)
	if err != nil {
		return grant{}, fmt.Errorf("reading a permission cache: %w", err)
	}
	return nodeRights(func(name string) bool { return flags[name] }), nil
}
