package mirror

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
// come later. A thing that the site has brought back since then stays.
func (in *intake) delete(d Deletion) error {
	if d.Watch != nil {
		return in.deleteWatch(*d.Watch)
	}
	asOf := in.micros(d.AsOf, in.asOf)
	if asOf == 0 {
		asOf = in.now.UnixMicro()
	}
	for _, named := range d.things() {
		known := in.tombstones[named.kind+" "+named.ref]
		if !known.Deleted && asOf < known.AsOf {
			continue
		}
		if err := in.bury(named.kind, named.ref, max(asOf, known.AsOf), true); err != nil {
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

func (in *intake) deleteWatch(w Watch) error {
	step, a := "delete_section_watch", args{"member": w.Member, "section": w.Section}
	if w.Thread != "" {
		step, a = "delete_thread_watch", args{"member": w.Member, "thread": w.Thread}
	}
	_, err := in.exec(step, a)
	return err
}
