package mirror

import (
	"cmp"
	"slices"
)

// A living thing has the time at which the site read it, so that a deletion that is older, and comes late, does not delete it.

// loadDates reads those of all things that a request deletes.
func (in *intake) loadDates(deletions []Deletion) error {
	refs := make(map[string][]string) // by kind
	for _, d := range deletions {
		for _, named := range d.things() {
			refs[named.kind] = append(refs[named.kind], named.ref)
		}
	}
	for kind, refs := range refs {
		for part := range slices.Chunk(refs, hashesAtOnce) {
			var found []struct {
				Ref  string `db:"ref"`
				AsOf int64  `db:"as_of"`
			}
			if err := in.listIn("dates_of_"+kind+"s", args{"refs": part}, &found); err != nil {
				return err
			}
			for _, f := range found {
				in.dates[kind+" "+f.Ref] = f.AsOf
			}
		}
	}
	return nil
}

// stored notes our ID of a thing that was sent, and when the site read it. If it was deleted, it is back: only now, because a request
// with it may be refused. What an operator or the member brings back has no time of the site.
func (in *intake) stored(kind, ref string, id int64) error {
	key := kind + " " + ref
	in.ids[key] = id
	in.dates[key] = max(in.dates[key], in.asOf)
	if !in.tombstones[key].Deleted {
		return nil
	}
	return in.bury(kind, ref, cmp.Or(in.asOf, in.now.UnixMicro()), false)
}

// dateMembers dates the members that were sent without a change. All together: many sites send all their members each time.
func (in *intake) dateMembers() error {
	for part := range slices.Chunk(in.unchanged, hashesAtOnce) {
		if err := in.execIn("date_members", args{"as_of": in.asOf, "refs": part}); err != nil {
			return err
		}
	}
	in.unchanged = nil
	return nil
}
