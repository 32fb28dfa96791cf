package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// newWithin is how old a post may be when it arrives to count as new. An older one is history: it is there, but no message brings it.
const newWithin = 3 * 24 * time.Hour

// clockSkew is how far the clock of a sender may be ahead. A post from later on has the time of its arrival.
const clockSkew = 5 * time.Minute

// Ingest stores a request in one transaction: after an error, nothing is stored. A mistake of the sender is a [FieldError]. A request
// whose signature was stored within the last hour changes nothing.
//
// refused is what was left out: what was deleted as of a time that is not before that of the request, members whose address another one
// has, and those whose ID is reserved, all with what belongs to them. The rest is stored, because a site cannot know who subscribed by
// themselves or was imported, and may send something again that was deleted in between.
func (db *DB) Ingest(ctx context.Context, signature string, r *Request, now time.Time) (refused []*FieldError, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		if _, err := tx.exec("forget_requests", args{"before": now.Add(-time.Hour).Unix()}); err != nil {
			return err
		}
		added, err := tx.exec("add_request", args{"signature": signature, "at": now.Unix()})
		if err != nil || added == 0 {
			return err
		}
		in := newIntake(tx, now)
		err = in.all(r)
		refused = in.refused
		return err
	})
	if err == nil {
		return refused, nil
	}
	if _, theirs := errors.AsType[*FieldError](err); theirs {
		return nil, err
	}
	return nil, fmt.Errorf("storing what was sent: %w", err)
}

// intake stores a request.
type intake struct {
	*transaction
	now        time.Time
	asOf       int64                // when the site read what it sends, in Unix microseconds; 0: unknown
	ids        map[string]int64     // by kind and the sender's ID
	dates      map[string]int64     // when the site read what is there, as asOf: of what the request has or deletes
	unchanged  []string             // members to date that are stored already, by the sender's ID
	changed    map[int64]bool       // threads with other posts than before
	hashKey    string               // of deleted things; empty: not read yet
	tombstones map[string]tombstone // of things in the request, by kind and the sender's ID
	refused    []*FieldError        // what was left out
	without    map[string]bool      // its kinds and IDs

	threads      map[string]int64       // where the posts in the request were before, by the sender's ID
	removing     bool                   // an operator removes members
	left         map[string]leftAddress // by the key of the address: those in the request that left
	unsubscribed map[int64]bool         // from everything: of the members who lose their address
}

func newIntake(tx *transaction, now time.Time) *intake {
	return &intake{transaction: tx, now: now, ids: make(map[string]int64), dates: make(map[string]int64), changed: make(map[int64]bool), tombstones: make(map[string]tombstone),
		without: make(map[string]bool), threads: make(map[string]int64), left: make(map[string]leftAddress), unsubscribed: make(map[int64]bool)}
}

// prepare reads what must be known about the things in a request before they are stored.
func (in *intake) prepare(r *Request) error {
	if err := in.loadTombstones(r); err != nil {
		return err
	}
	if err := in.loadLeft(r.Members); err != nil {
		return err
	}
	if err := in.loadThreads(r.Posts); err != nil {
		return err
	}
	if err := in.loadDates(r.Deletions); err != nil {
		return err
	}
	return in.loadUnsubscribed(r)
}

// loadThreads reads in which threads these posts are.
func (in *intake) loadThreads(posts []Post) error {
	for part := range slices.Chunk(posts, hashesAtOnce) {
		refs := make([]string, len(part))
		for i, p := range part {
			refs[i] = p.ID
		}
		var found []struct {
			Ref    string `db:"ref"`
			Thread int64  `db:"thread_id"`
		}
		if err := in.listIn("threads_of_posts", args{"refs": refs}, &found); err != nil {
			return err
		}
		for _, p := range found {
			in.threads[p.Ref] = p.Thread
		}
	}
	return nil
}

func (in *intake) all(r *Request) error {
	in.asOf = in.micros(r.AsOf, 0)
	if err := in.prepare(r); err != nil {
		return err
	}
	for i, s := range r.Sections {
		if err := in.orLeaveOut("section", s.ID, in.section(fmt.Sprintf("sections[%d]", i), s)); err != nil {
			return err
		}
	}
	for i, t := range r.Threads {
		if err := in.orLeaveOut("thread", t.ID, in.thread(fmt.Sprintf("threads[%d]", i), t)); err != nil {
			return err
		}
	}
	for i, p := range r.Posts {
		if err := in.orLeaveOut("post", p.ID, in.post(fmt.Sprintf("posts[%d]", i), p)); err != nil {
			return err
		}
	}
	sent := make(map[string]bool)
	for _, m := range r.Members {
		sent[m.ID] = true
	}
	isFirst := func(d Deletion) bool { return d.Member != "" && !sent[d.Member] } // the address is free then for another member
	for _, d := range r.Deletions {
		if isFirst(d) {
			if err := in.delete(d); err != nil {
				return err
			}
		}
	}
	for i, m := range r.Members {
		if err := in.orLeaveOut("member", m.ID, in.pushed(fmt.Sprintf("members[%d]", i), m)); err != nil {
			return err
		}
	}
	if err := in.dateMembers(); err != nil {
		return err
	}
	for i, w := range r.Watches {
		if err := in.pushedWatch(fmt.Sprintf("watches[%d]", i), w); err != nil {
			return err
		}
	}
	for _, d := range r.Deletions {
		if isFirst(d) {
			continue
		}
		if err := in.delete(d); err != nil {
			return err
		}
	}
	return in.setOpeners()
}

// orLeaveOut notes that a thing was left out because it was deleted. Other errors are returned.
func (in *intake) orLeaveOut(kind, ref string, err error) error {
	deleted, ok := errors.AsType[keptOut](err)
	if !ok {
		return err
	}
	in.refused = append(in.refused, deleted.FieldError)
	in.without[kind+" "+ref] = true
	return nil
}

// setOpeners finds the posts that open the threads whose posts changed.
func (in *intake) setOpeners() error {
	for thread := range in.changed {
		if _, err := in.exec("set_opener", args{"id": thread}); err != nil {
			return err
		}
	}
	clear(in.changed)
	return nil
}

// put stores a thing under the sender's ID and returns ours.
func (in *intake) put(kind, ref string, a args) (id int64, err error) {
	a["ref"], a["as_of"] = ref, in.asOf
	if err := in.get("put_"+kind, a, &id); err != nil {
		return 0, err
	}
	return id, in.stored(kind, ref, id)
}

// find returns our ID of a thing that must have been sent before, and not been deleted since.
func (in *intake) find(path, kind, ref string) (int64, error) {
	if err := in.notBuried(path, kind, ref); err != nil {
		return 0, err
	}
	if in.without[kind+" "+ref] {
		return 0, keptOut{&FieldError{path, fmt.Sprintf("the %s %q was left out", kind, ref)}}
	}
	if id, known := in.ids[kind+" "+ref]; known {
		return id, nil
	}
	var id int64
	err := in.get(kind+"_id", args{"ref": ref}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fieldError(path, "unknown %s %q: must be sent before, or in the same request", kind, ref)
	}
	in.ids[kind+" "+ref] = id
	return id, err
}

// dated returns the time to store, and 1 if the sender gave one. A missing time, or one that is still to come, is now. One before 1970,
// from an archive, is the first second of that year.
func (in *intake) dated(at time.Time) (seconds int64, given int) {
	if at.IsZero() || at.After(in.now.Add(clockSkew)) {
		return in.now.Unix(), 0
	}
	return max(at.Unix(), 1), 1
}

func state(word string) int {
	if word == "moderated" {
		return 1
	}
	return 0
}

func (in *intake) section(path string, s Section) error {
	if err := in.mayLive(path, "section", s.ID); err != nil {
		return err
	}
	id, err := in.put("section", s.ID, args{"parent_ref": s.Parent, "place": s.Place, "title": s.Title, "address": s.URL})
	if err != nil {
		return err
	}
	return in.setReaders(id, s.Read)
}

func (in *intake) thread(path string, t Thread) error {
	if err := in.mayLive(path, "thread", t.ID); err != nil {
		return err
	}
	section, err := in.find(path+".section", "section", t.Section)
	if err != nil {
		return err
	}
	at, given := in.dated(t.At)
	locked := 0
	if t.Locked {
		locked = 1
	}
	id, err := in.put("thread", t.ID, args{"section_id": section, "title": t.Title, "author_ref": t.Author, "author_name": t.AuthorName,
		"started_at": at, "dated": given, "state": state(t.State), "locked": locked, "address": t.URL})
	in.changed[id] = true
	return err
}

func (in *intake) post(path string, p Post) error {
	if err := in.mayLive(path, "post", p.ID); err != nil {
		return err
	}
	thread, err := in.find(path+".thread", "thread", p.Thread)
	if err != nil {
		return err
	}
	at, given := in.dated(p.At)
	arrived := in.now.Unix()
	if !p.fresh && in.now.Unix()-at > int64(newWithin/time.Second) {
		arrived = at
	}
	format, body := "h", p.HTML
	if p.BBCode != "" {
		format, body = "b", p.BBCode
	}
	_, err = in.put("post", p.ID, args{"thread_id": thread, "author_ref": p.Author, "author_name": p.AuthorName, "posted_at": at,
		"dated": given, "arrived_at": arrived, "state": state(p.State), "format": format, "body": body, "address": p.URL})
	in.changed[thread] = true
	if before, known := in.threads[p.ID]; known && before != thread {
		in.changed[before] = true
	}
	in.threads[p.ID] = thread
	return err
}

// pushedWatch stores a watch that the site sent, unless what it is about was left out.
func (in *intake) pushedWatch(path string, w Watch) error {
	if in.without["member "+w.Member] {
		return nil
	}
	err := in.watch(path, w)
	if _, deleted := errors.AsType[keptOut](err); deleted {
		return nil
	}
	return err
}

func (in *intake) watch(path string, w Watch) error {
	member, err := in.find(path+".member", "member", w.Member)
	if err != nil {
		return err
	}
	if w.Thread != "" {
		thread, err := in.find(path+".thread", "thread", w.Thread)
		if err != nil {
			return err
		}
		_, err = in.exec("put_thread_watch", args{"member_id": member, "thread_id": thread, "as_of": in.asOf})
		return err
	}
	section, err := in.find(path+".section", "section", w.Section)
	if err != nil {
		return err
	}
	level := 2
	if w.Level == "threads" {
		level = 1
	}
	_, err = in.exec("put_section_watch", args{"member_id": member, "section_id": section, "level": level, "as_of": in.asOf})
	return err
}
