package mirror

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
)

// What members chose is in the store, by our number of them. So a member who was deleted and is sent again gets their old number:
// otherwise somebody who unsubscribed would get email again. Of a deleted member, only the number and two hashes stay.

// deleteMember deletes a member with their watches, and remembers their number. An unknown one is no mistake.
func (in *intake) deleteMember(ref string) error {
	var m MemberRow
	if err := in.get("member", args{"ref": ref}, &m); errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	if err := in.leave(m); err != nil {
		return err
	}
	a, err := in.formerHashes(ref, m.Email)
	if err != nil {
		return err
	}
	a["id"], a["ref"] = m.ID, ref
	for _, step := range []string{"keep_former_member", "delete_section_watches", "delete_thread_watches", "delete_memberships", "delete_member"} {
		if _, err := in.exec(step, a); err != nil {
			return err
		}
	}
	return nil
}

// known returns a member as they were before; zero: new. It gives one who is not there, but was deleted once, their old number. The
// address counts more than the ID: its owner is the one who unsubscribed.
func (in *intake) known(m Member) (was MemberRow, err error) {
	if err := in.get("member", args{"ref": m.ID}, &was); !errors.Is(err, sql.ErrNoRows) {
		return was, err
	}
	a, err := in.formerHashes(m.ID, m.Email)
	if err != nil {
		return MemberRow{}, err
	}
	if err := in.get("former_member", a, &was.ID); errors.Is(err, sql.ErrNoRows) {
		return MemberRow{}, nil
	} else if err != nil {
		return MemberRow{}, err
	}
	at, _ := in.dated(m.JoinedAt)
	for _, step := range []string{"restore_member", "forget_former_member"} {
		if _, err := in.exec(step, args{"id": was.ID, "ref": m.ID, "joined_at": at}); err != nil {
			return MemberRow{}, err
		}
	}
	return was, nil
}

// formerHashes returns ref_hash and address_hash of a member.
func (in *intake) formerHashes(ref, address string) (args, error) {
	a := args{"address_hash": nil}
	var err error
	if a["ref_hash"], err = in.hash("ref " + ref); err == nil && address != "" {
		a["address_hash"], err = in.addressHash(addressKey(address))
	}
	return a, err
}

// hash returns a hash of a kind and an ID: HMAC-SHA256, so that it cannot be looked up in lists of hashed addresses.
func (in *intake) hash(thing string) (string, error) {
	if in.hashKey == "" {
		if _, err := in.exec("add_hash_key", args{"value": rand.Text()}); err != nil {
			return "", err
		}
		if err := in.get("hash_key", nil, &in.hashKey); err != nil {
			return "", err
		}
	}
	h := hmac.New(sha256.New, []byte(in.hashKey))
	h.Write([]byte(thing))
	return hex.EncodeToString(h.Sum(nil)), nil
}
