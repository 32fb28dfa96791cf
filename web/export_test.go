package web

import "postrider/templates"

// What tests use of the internals.
var (
	ExtractStyles = extractStyles
	MessagePolicy = messagePolicy
)

// RenderSamples renders the samples of all pages.
func (s *Server) RenderSamples(list []templates.Language) error { return s.renderSamples(list) }
