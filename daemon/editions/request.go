package editions

import (
	"postrider/store"
)

// RequestOf returns the edition of a digest in the outbox.
func RequestOf(m store.Message) Request {
	return Request{Key: m.Key, Member: m.Member, After: m.From, Until: m.Until, Planned: m.Created, Repeated: m.UncertainCount > 0}
}
