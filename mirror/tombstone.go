package mirror

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// tombstonesKept is how long a tombstone is kept after it last kept something out. Older requests may bring things back.
const tombstonesKept = 180 * day

// tombstone says that a thing was deleted, or brought back after that, and when.
type tombstone struct {
	Hash    string `db:"hash"`
	AsOf    int64  `db:"as_of"` // Unix microseconds
	Deleted bool   `db:"deleted"`
	UsedAt  int64  `db:"used_at"`
}

// keptOut is the error for a thing that was deleted, or that belongs to one. The rest of the request is stored.
type keptOut struct{ *FieldError }

// hashesAtOnce is how many tombstones are asked for at once.
const hashesAtOnce = 500

// loadTombstones reads those of all things that a request names.
func (in *intake) loadTombstones(r *Request) error {
	things := make(map[string]string) // by hash
	for _, thing := range namedIn(r) {
		if _, known := in.tombstones[thing]; known {
			continue
		}
		hash, err := in.hash(thing)
		if err != nil {
			return err
		}
		things[hash] = thing
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(things)), hashesAtOnce) {
		var found []tombstone
		if err := in.listIn("tombstones", args{"hashes": part}, &found); err != nil {
			return err
		}
		for _, t := range found {
			in.tombstones[things[t.Hash]] = t
		}
	}
	return nil
}

// namedIn returns the kinds and IDs of all things in a request.
func namedIn(r *Request) []string {
	var things []string
	add := func(kind, ref string) {
		if ref != "" {
			things = append(things, kind+" "+ref)
		}
	}
	for _, s := range r.Sections {
		add("section", s.ID)
	}
	for _, t := range r.Threads {
		add("thread", t.ID)
		add("section", t.Section)
	}
	for _, p := range r.Posts {
		add("post", p.ID)
		add("thread", p.Thread)
	}
	for _, m := range r.Members {
		add("member", m.ID)
	}
	for _, w := range r.Watches {
		add("member", w.Member)
		add("section", w.Section)
		add("thread", w.Thread)
	}
	for _, d := range r.Deletions {
		for _, named := range d.things() {
			add(named.kind, named.ref)
		}
	}
	return things
}

// mayLive returns a keptOut if a thing was deleted, unless the site read the request after that: to store the thing brings it back.
func (in *intake) mayLive(path, kind, ref string) error {
	if in.asOf > in.tombstones[kind+" "+ref].AsOf {
		return nil
	}
	return in.notBuried(path, kind, ref)
}

// notBuried returns a keptOut if a thing was deleted, and was not brought back.
func (in *intake) notBuried(path, kind, ref string) error {
	t := in.tombstones[kind+" "+ref]
	if !t.Deleted {
		return nil
	}
	if in.now.Unix()-t.UsedAt > int64(day/time.Second) {
		if _, err := in.exec("use_tombstone", args{"hash": t.Hash, "now": in.now.Unix()}); err != nil {
			return err
		}
		t.UsedAt = in.now.Unix()
		in.tombstones[kind+" "+ref] = t // not again for each post of a thread
	}
	return keptOut{&FieldError{path, fmt.Sprintf("the %s %q was deleted at %s: to bring it back, send it with a later as_of of the request",
		kind, ref, time.UnixMicro(t.AsOf).UTC().Format(time.RFC3339))}}
}

// bury records that a thing was deleted or brought back, as of a time.
func (in *intake) bury(kind, ref string, asOf int64, deleted bool) error {
	hash, err := in.hash(kind + " " + ref)
	if err != nil {
		return err
	}
	t := tombstone{Hash: hash, AsOf: asOf, Deleted: deleted, UsedAt: in.now.Unix()}
	in.tombstones[kind+" "+ref] = t
	flag := 0
	if deleted {
		flag = 1
	}
	_, err = in.exec("put_tombstone", args{"hash": hash, "as_of": asOf, "deleted": flag, "used_at": t.UsedAt})
	return err
}

// micros returns a time of the sender in Unix microseconds, at most that of now, or else another one. A time before 1970 is what databases
// and programs write for no time.
func (in *intake) micros(at time.Time, or int64) int64 {
	if at.UnixMicro() <= 0 {
		return or
	}
	return min(at.UnixMicro(), in.now.Add(clockSkew).UnixMicro())
}

// ForgetDeletions deletes tombstones that kept nothing out for half a year.
func (db *DB) ForgetDeletions(ctx context.Context, now time.Time) error {
	err := db.transaction(ctx, func(tx *transaction) error {
		_, err := tx.exec("forget_tombstones", args{"before": now.Add(-tombstonesKept).Unix()})
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting old deletions: %w", err)
	}
	return nil
}
