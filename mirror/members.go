package mirror

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"postrider/internal/addr"
)

// Imported says what an import does.
type Imported struct {
	New, Changed, Same int // members
	Waiting            int // members whose address left, so that its owner must confirm
	Watches            int // sections that members did not watch before
}

// errDryRun undoes a transaction.
var errDryRun = errors.New("dry run")

// Import stores members and their watches in one transaction; a dry run only says what it would do. Without an ID, a row is about the
// member with its address. Watches are added, none is removed. The error names all mistakes with their lines.
func (db *DB) Import(ctx context.Context, file string, rows []Row, dryRun bool, now time.Time) (done Imported, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		in := newIntake(tx, now)
		var errs []error
		for _, row := range rows {
			err := in.row(row, &done)
			if wrong, theirs := errors.AsType[*FieldError](err); theirs && len(errs) < maxMistakes {
				errs = append(errs, fmt.Errorf("%s:%d: %w", file, row.Line, wrong))
			} else if err != nil {
				return err
			}
		}
		if len(errs) == 0 && dryRun {
			return errDryRun
		}
		return errors.Join(errs...)
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return done, err
}

// MemberRow is a member in the mirror.
type MemberRow struct {
	ID     int64  `db:"id" json:"id"`
	Ref    string `db:"ref" json:"ref"` // the sender's ID
	Name   string `db:"name" json:"name"`
	Email  string `db:"email" json:"email"`
	Zone   string `db:"zone" json:"zone"`
	Locale string `db:"locale" json:"locale"`
	// LeftAt is when the address left, in Unix seconds: its owner must confirm. 0: it did not.
	LeftAt  int64 `db:"left_at" json:"address_left"`
	Watches int   `db:"watches" json:"watches"` // sections and threads

	JoinedAt int64 `db:"joined_at" json:"-"` // Unix seconds; only of a single member
}

// row stores one row of a file.
func (in *intake) row(row Row, done *Imported) error {
	m := row.Member
	m.Email = asMailed(m.Email)
	if m.ID == "" {
		m.ID = addressID(m.Email)
		err := in.get("member_of_address", args{"email_key": addressKey(m.Email), "ref": ""}, &m.ID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	var was MemberRow
	err := in.get("member", args{"ref": m.ID}, &was)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		done.New++
	case err != nil:
		return err
	default: // an empty field leaves what is known
		m.Zone, m.Locale = cmp.Or(m.Zone, was.Zone), cmp.Or(m.Locale, was.Locale)
		same := !m.Groups.Given
		if !same {
			if same, err = in.hasGroups(was.ID, m.Groups.Names); err != nil {
				return err
			}
		}
		if same && m.Name == was.Name && m.Email == was.Email && m.Zone == was.Zone && m.Locale == was.Locale {
			done.Same++
		} else {
			done.Changed++
		}
	}
	if err := in.prepare(&Request{Members: []Member{m}}); err != nil {
		return err
	}
	if err := in.member("", m); err != nil {
		if wrong, theirs := errors.AsType[*FieldError](err); theirs {
			return fieldError("email", "%s", wrong.Text)
		}
		return err
	}
	if err := in.get("member", args{"ref": m.ID}, &was); err != nil {
		return err
	}
	if was.LeftAt > 0 {
		done.Waiting++
	}
	for _, section := range row.Sections {
		if err := in.watchByName(m.ID, section, done); err != nil {
			return err
		}
	}
	return nil
}

// addressPrefix begins the IDs of members who are known by their address alone. Nobody else may have such an ID: it would be the member
// with that address for a later import, which could then move the address of somebody else.
const addressPrefix = "email:"

// reservedID is what is wrong with an ID that begins so.
const reservedID = "must not begin with \"" + addressPrefix + "\", which is reserved for members without an ID"

// addressID is the ID of a member who is known by their address alone.
func addressID(address string) string { return addressPrefix + strings.ToLower(address) }

// pushed stores a member that the site sent, or notes why it is left out.
func (in *intake) pushed(path string, m Member) error {
	if err := in.mayLive(path, "member", m.ID); err != nil {
		return err
	}
	err := fieldError(path+".id", reservedID)
	if !strings.HasPrefix(m.ID, addressPrefix) {
		err = in.member(path, m)
	}
	wrong, theirs := errors.AsType[*FieldError](err)
	if !theirs {
		return err
	}
	in.refused = append(in.refused, wrong)
	var known int64
	if err := in.get("member_id", args{"ref": m.ID}, &known); errors.Is(err, sql.ErrNoRows) {
		in.without["member "+m.ID] = true
	} else if err != nil {
		return err
	}
	return nil
}

// asMailed returns an address with its domain as DNS has it, so that two spellings of a mailbox are the same member.
func asMailed(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	return address[:at+1] + addr.Domain(address)
}

// member stores a member. Who has the address alone becomes this member.
func (in *intake) member(path string, m Member) error {
	m.Email = asMailed(m.Email)
	var was MemberRow
	err := in.get("member", args{"ref": m.ID}, &was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	key := addressKey(m.Email)
	if key != addressKey(was.Email) {
		if err := in.claim(path, key, m.ID); err != nil {
			return err
		}
	}
	if was.ID == 0 {
		if was, err = in.known(m); err != nil {
			return err
		}
	}
	if addressKey(was.Email) != key {
		if err := in.leave(was); err != nil {
			return err
		}
	}
	id, err := in.putMember(m, was, key)
	if err != nil {
		return err
	}
	if was.ID == 0 && len(m.Groups.Names) == 0 {
		return nil // a new member has none
	}
	return in.setMemberships(id, m.Groups)
}

// claim makes an address that a member gets free. Who has it alone becomes this member.
func (in *intake) claim(path, key, ref string) error {
	if key == "" {
		return nil
	}
	var other string
	err := in.get("member_of_address", args{"email_key": key, "ref": ref}, &other)
	if err == nil && other == addressID(key) {
		var adopted int64
		if adopted, err = in.exec("adopt_member", args{"ref": ref, "other": other}); err == nil && adopted == 1 {
			return nil // nobody else has the address now
		}
	}
	if err == nil {
		return fieldError(path+".email", "already belongs to member %q: each address can have one member; remove that one (postrider members remove), then send this one again",
			other)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// putMember stores what is known of a member, unless that was stored before: many sites send all their members each time.
func (in *intake) putMember(m Member, was MemberRow, key string) (id int64, err error) {
	at, given := in.dated(m.JoinedAt)
	left := in.leftSince(was, key)
	is := was
	is.Name, is.Email, is.LeftAt = m.Name, m.Email, left
	is.Zone, is.Locale = cmp.Or(m.Zone, was.Zone), cmp.Or(m.Locale, was.Locale)
	if given == 1 {
		is.JoinedAt = at
	}
	if is == was && was.ID != 0 {
		if in.asOf != 0 {
			in.unchanged = append(in.unchanged, m.ID)
		}
		return was.ID, in.stored("member", m.ID, was.ID)
	}
	var emailKey any // NULL: no address
	if key != "" {
		emailKey = key
	}
	return in.put("member", m.ID, args{"name": m.Name, "name_key": strings.ToLower(m.Name), "email": m.Email, "email_key": emailKey,
		"zone": m.Zone, "locale": m.Locale, "joined_at": at, "dated": given, "left_at": left})
}

// watchByName adds a watch of a section, by its ID or else its title.
func (in *intake) watchByName(member, section string, done *Imported) error {
	var found []struct {
		ID  int64  `db:"id"`
		Ref string `db:"ref"`
	}
	if err := in.list("sections_named", args{"name": section}, &found); err != nil {
		return err
	}
	for _, s := range found {
		if s.Ref == section {
			found = found[:0:0]
			found = append(found, s)
			break
		}
	}
	switch len(found) {
	case 0:
		return fieldError("watches", "unknown section %q: must be the ID or the title of a section that was sent or that a feed has", section)
	case 1:
	default:
		return fieldError("watches", "there are %d sections with the title %q: write the ID instead", len(found), section)
	}
	id, err := in.find("", "member", member)
	if err != nil {
		return err
	}
	added, err := in.exec("add_section_watch", args{"member_id": id, "section_id": found[0].ID})
	done.Watches += int(added)
	return err
}

// Members returns up to limit members with IDs above after, by ascending ID.
func (db *DB) Members(ctx context.Context, after int64, limit int) (list []MemberRow, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		return tx.list("members", args{"after": after, "limit": limit}, &list)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the members of the mirror: %w", err)
	}
	return list, nil
}

// Remove deletes the member with an address, or with an ID of the sender. The address counts as left. It returns false if there is no such
// member, and never was one with this address. One who was deleted before has no name.
func (db *DB) Remove(ctx context.Context, addressOrID string, now time.Time) (removed MemberRow, found bool, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		ref := addressOrID
		err := tx.get("member_of_address", args{"email_key": addressKey(addressOrID), "ref": ""}, &ref)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		in := newIntake(tx, now)
		in.removing = true
		if err = tx.get("member", args{"ref": ref}, &removed); errors.Is(err, sql.ErrNoRows) {
			found, err = in.removeFormer(addressOrID, &removed)
			return err
		} else if err != nil {
			return err
		}
		found = true
		return in.all(&Request{Deletions: []Deletion{{Member: ref}}})
	})
	if err != nil {
		return MemberRow{}, false, fmt.Errorf("removing a member of the mirror: %w", err)
	}
	return removed, found, nil
}
