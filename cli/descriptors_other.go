//go:build !unix

package cli

// maxDescriptors returns how many files the process may open; 0: unknown.
func maxDescriptors() uint64 { return 0 }
