package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// An address left if its member was removed, or if they had unsubscribed from everything when they were deleted or took another address.
// A site may send the address again: under another ID, of another member, from an old backup. What was chosen does not tell then, because
// it belongs to a member's number. So whoever has the address gets no email until its owner confirms that on the page.

// leftAddress is an address that left.
type leftAddress struct {
	Hash   string `db:"hash"`
	Member int64  `db:"member_id"` // who unsubscribed: for them, their choice counts; 0: it may be gone
	LeftAt int64  `db:"left_at"`   // Unix seconds
}

// addressKey returns what the spellings of an address have in common: lower case, and the domain as DNS has it.
func addressKey(address string) string { return strings.ToLower(asMailed(address)) }

// loadLeft reads which of these addresses left.
func (in *intake) loadLeft(members []Member) error {
	keys := make(map[string]string) // by hash
	for _, m := range members {
		key := addressKey(m.Email)
		if _, known := in.left[key]; known || key == "" {
			continue
		}
		hash, err := in.addressHash(key)
		if err != nil {
			return err
		}
		keys[hash] = key
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(keys)), hashesAtOnce) {
		var found []leftAddress
		if err := in.listIn("left_addresses", args{"hashes": part}, &found); err != nil {
			return err
		}
		for _, l := range found {
			in.left[keys[l.Hash]] = l
		}
	}
	return nil
}

// loadUnsubscribed asks which of the members who lose their address by a request have unsubscribed from everything.
func (in *intake) loadUnsubscribed(r *Request) error {
	if in.db.Unsubscribed == nil {
		return nil
	}
	become := make(map[string][]string) // addresses by the sender's ID
	for _, m := range r.Members {
		become[m.ID] = append(become[m.ID], addressKey(m.Email))
	}
	for _, d := range r.Deletions {
		if d.Member != "" {
			become[d.Member] = append(become[d.Member], "")
		}
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(become)), hashesAtOnce) {
		var known []MemberRow
		if err := in.listIn("members_named", args{"refs": part}, &known); err != nil {
			return err
		}
		var losing []int64
		for _, m := range known {
			if key := addressKey(m.Email); key != "" && slices.ContainsFunc(become[m.Ref], func(other string) bool { return other != key }) {
				losing = append(losing, m.ID)
			}
		}
		if len(losing) == 0 {
			continue
		}
		unsubscribed, err := in.db.Unsubscribed(in.ctx, in.now, losing)
		if err != nil {
			return err
		}
		maps.Copy(in.unsubscribed, unsubscribed)
	}
	return nil
}

// leave notes that the address of a member left, if it does. Afterwards they have another one, or are deleted.
func (in *intake) leave(m MemberRow) error {
	key, member := addressKey(m.Email), m.ID
	if in.removing || strings.HasPrefix(m.Ref, addressPrefix) {
		member = 0
	} else if !in.unsubscribed[m.ID] {
		return nil
	}
	if key == "" {
		return nil
	}
	hash, err := in.addressHash(key)
	if err != nil {
		return err
	}
	l := leftAddress{Hash: hash, LeftAt: in.now.Unix()}
	err = in.get("put_left_address", args{"hash": hash, "member_id": member, "left_at": l.LeftAt}, &l.Member)
	in.left[key] = l
	return err
}

// removeFormer notes that the address of a member who was deleted before left. It returns false if there is none.
func (in *intake) removeFormer(address string, former *MemberRow) (found bool, err error) {
	hash, err := in.addressHash(addressKey(address))
	if err != nil {
		return false, err
	}
	err = in.get("former_member", args{"address_hash": hash, "ref_hash": ""}, &former.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	former.Email = address
	return true, in.leave(*former)
}

// leftSince returns when the address that a member gets left, or 0 if they need no confirmation.
func (in *intake) leftSince(was MemberRow, key string) int64 {
	if key != "" && addressKey(was.Email) == key {
		return was.LeftAt
	}
	if l := in.left[key]; l.Member == 0 || l.Member != was.ID {
		return l.LeftAt
	}
	return 0
}

// welcome lets an address that left get email again, and reports whether it had left.
func (in *intake) welcome(key string) (had bool, err error) {
	hash, err := in.addressHash(key)
	if err != nil {
		return false, err
	}
	delete(in.left, key)
	forgotten, err := in.exec("forget_left_address", args{"hash": hash})
	if err != nil {
		return false, err
	}
	waited, err := in.exec("end_waiting", args{"email_key": key})
	return forgotten+waited > 0, err
}

func (in *intake) addressHash(key string) (string, error) { return in.hash("address " + key) }

// Readmit lets an address that left get email again, because its owner said so elsewhere than on the page. It returns false if the
// address had not left.
func (db *DB) Readmit(ctx context.Context, address string, now time.Time) (had bool, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		had, err = newIntake(tx, now).welcome(addressKey(address))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("letting an address get email again: %w", err)
	}
	return had, nil
}
