package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"postrider/store"
)

// The exit codes of all commands. bounce uses tempFail instead: it answers to a mail server.
const (
	exitFailure = 1 // the command did not do what it is for; check found a fault
	exitUsage   = 2 // the command line or the configuration is wrong: to run it again changes nothing
)

// errSilent ends a command with exit code 1 if it has already printed the reason.
var errSilent = errors.New("")

// exitError is an error with its own exit code.
type exitError struct {
	code int
	error
}

func (e exitError) Unwrap() error { return e.error }

// usagef returns an error about the command line or the configuration.
func usagef(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

// asUsage marks an error as one about the command line or the configuration.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return exitError{exitUsage, err}
}

// asConflict marks an error as one about the configuration if the settings differ from those of another daemon on the store.
func asConflict(err error) error {
	if _, conflicts := errors.AsType[*store.SettingsConflict](err); conflicts {
		return asUsage(err)
	}
	return err
}

// exitCode returns the exit code for the error of a command line.
func exitCode(root *cobra.Command, args []string, err error) int {
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	if _, _, unknown := root.Find(args); unknown != nil {
		return exitUsage
	}
	return exitFailure
}
