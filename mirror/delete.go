package mirror

import (
	"cmp"
	"math"
)

// thing is a thing of a site by its kind and ID.
type thing struct{ kind, ref string }

// things returns what a deletion names; none for a watch. An item of a feed is a thread and its opening post.
func (d Deletion) things() []thing {
	switch {
	case d.Section != "":
		return []thing{{"section", d.Section}}
	case d.Thread != "":
		return []thing{{"thread", d.Thread}}
	case d.Post != "":
		return []thing{{"post", d.Post}}
	case d.Member != "":
		return []thing{{"member", d.Member}}
	case d.Feed != "":
		key := hashOf(d.Feed, d.Item)
		return []thing{{"thread", key}, {"post", key}}
	}
	return nil
}

// delete deletes what is named. What is unknown or deleted already is no mistake, and is remembered, too: the request that has it may
// come later. A thing that the site has read or brought back since then stays, unless nobody says when it was deleted.
func (in *intake) delete(d Deletion) error {
	if d.Watch != nil {
		return in.deleteWatch(*d.Watch)
	}
	asOf := in.micros(d.AsOf, in.asOf)
	dated := asOf != 0
	if !dated {
		asOf = in.now.UnixMicro()
	}
	for _, named := range d.things() {
		key := named.kind + " " + named.ref
		known := in.tombstones[key]
		since := in.dates[key]
		if !known.Deleted {
			since = max(since, known.AsOf)
		}
		if dated && asOf < since {
			continue
		}
		if err := in.bury(named.kind, named.ref, max(asOf, known.AsOf, since), true); err != nil {
			return err
		}
		if err := in.remove(named); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a thing. Sections, threads and posts leave a row without text, so that the numbers of other posts stay.
func (in *intake) remove(named thing) error {
	var steps []string
	switch named.kind {
	case "section":
		steps = []string{"delete_section"}
	case "thread":
		steps = []string{"delete_thread", "empty_thread"}
	case "post":
		steps = []string{"delete_post"}
	case "member":
		return in.deleteMember(named.ref)
	}
	for _, step := range steps {
		if _, err := in.exec(step, args{"ref": named.ref}); err != nil {
			return err
		}
	}
	return nil
}

// deleteWatch deletes a watch, unless the site read it after the request.
func (in *intake) deleteWatch(w Watch) error {
	asOf := cmp.Or(in.asOf, math.MaxInt64)
	step, a := "delete_section_watch", args{"member": w.Member, "section": w.Section, "as_of": asOf}
	if w.Thread != "" {
		step, a = "delete_thread_watch", args{"member": w.Member, "thread": w.Thread, "as_of": asOf}
	}
	_, err := in.exec(step, a)
	return err
}
