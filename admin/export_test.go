package admin

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// Paths are the paths that a method asks for something at, with a 1 for what stands for something.
func (s *Server) Paths(method string) (list []string) {
	for _, p := range s.pages() {
		for path, methods := range p.routes {
			if methods[method] != nil {
				list = append(list, wildcard.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "1"))
			}
		}
	}
	if method == http.MethodPost {
		list = append(list, "/logout")
	}
	slices.Sort(list)
	return list
}
