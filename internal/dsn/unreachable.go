package dsn

import (
	"errors"
	"slices"

	"github.com/lib/pq"
)

// notNow are the classes and codes of PostgreSQL's errors that end without a change of the configuration: the server starts or stops
// (57P), or has too many connections (53300).
var notNow = []string{"57P01", "57P02", "57P03", "53300"}

// Unreachable reports whether an error of connecting to PostgreSQL may end on its own: the server cannot be reached, or does not accept
// connections yet. It is false if the server rejected the login or the database.
func Unreachable(err error) bool {
	if answer, ok := errors.AsType[*pq.Error](err); ok {
		return slices.Contains(notNow, string(answer.Code))
	}
	return err != nil && !errors.Is(err, pq.ErrSSLNotSupported)
}
