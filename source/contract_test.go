package source

import (
	"slices"
	"strings"
	"testing"
)

func TestContract_IsCompleteForEveryType(t *testing.T) {
	for _, k := range builtInTypes() {
		for _, engine := range k.engines {
			queries, err := loadQueries(k, engine, "pre_", "")
			if err != nil {
				t.Errorf("%s on %s: %v", k.name, engine, err)
			}
			for name, q := range queries {
				if !slices.Contains(queryNames(), name) {
					t.Errorf("%s: query %q is not in the contract", q.File, name)
				}
			}
		}
	}
}

func TestContract_NoQueryUsesServerClock(t *testing.T) {
	for _, k := range builtInTypes() {
		queries, err := loadQueries(k, k.engines[0], "", "")
		if err != nil {
			t.Fatal(err)
		}
		for name, q := range queries {
			for _, clock := range []string{"NOW(", "UNIX_TIMESTAMP(", "CURRENT_", "CURDATE", "SYSDATE", "STRFTIME", "UNIXEPOCH", "DATETIME("} {
				if strings.Contains(strings.ToUpper(q.Text), clock) {
					t.Errorf("%s: query %s uses %s", q.File, name, clock)
				}
			}
		}
	}
}

// builtInTypes are the forum types with queries of their own.
func builtInTypes() []forumType {
	return slices.DeleteFunc(forumTypes(), func(k forumType) bool { return k.homemade })
}
