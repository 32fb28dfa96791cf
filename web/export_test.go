package web

// What tests use of the internals.
var (
	ExtractStyles = extractStyles
	MessagePolicy = messagePolicy
)
