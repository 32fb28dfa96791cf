package admin

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"postrider/templates"
)

// RenderSamples renders the samples of all pages.
func (s *Server) RenderSamples(languages []templates.Language) error {
	return s.renderSamples(languages)
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// Paths returns the paths of all routes with a method, with 1 for each wildcard.
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
