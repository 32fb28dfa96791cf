package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// linkKey is what the first key is kept under; the next ones have their number behind it.
const linkKey = "link key"

// All are the secrets that sign the links in mails, oldest first. The first is made when it is first asked for.
func (s LinkKeys) All(ctx context.Context) ([][]byte, error) {
	keys, err := s.readLinkKeys(ctx)
	if err == nil && len(keys) == 0 {
		if err = s.makeLinkKey(ctx, linkKey); err == nil {
			keys, err = s.readLinkKeys(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the keys for links: %w", err)
	}
	return keys, nil
}

// Add makes a new key, which signs from the next start of a daemon on, and says how many there are then.
// The older ones go on verifying: nobody's old mail loses its links.
func (s LinkKeys) Add(ctx context.Context) (keys int, err error) {
	old, err := s.All(ctx)
	if err != nil {
		return 0, err
	}
	keys = len(old) + 1
	if err := s.makeLinkKey(ctx, linkKey+" "+strconv.Itoa(keys)); err != nil {
		return 0, fmt.Errorf("adding a key for links: %w", err)
	}
	return keys, nil
}

// makeLinkKey makes a key unless another daemon has made it in the meantime: the first stays.
func (s LinkKeys) makeLinkKey(ctx context.Context, name string) error {
	fresh := make([]byte, 32)
	rand.Read(fresh)
	_, err := s.exec(ctx, nil, "remember_once", args{"key": name, "value": hex.EncodeToString(fresh)})
	return err
}

func (s LinkKeys) readLinkKeys(ctx context.Context) ([][]byte, error) {
	type numbered struct {
		number int
		key    []byte
	}
	var list []numbered
	err := s.query(ctx, nil, "link_keys", nil, func(scan scanFunc) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		number, _ := strconv.Atoi(strings.TrimPrefix(name, linkKey+" ")) // 0: the first
		key, err := hex.DecodeString(value)
		if err != nil || len(key) != 32 {
			return fmt.Errorf("%q in the store is damaged: %d bytes, want 32 (%v)", name, len(key), err)
		}
		list = append(list, numbered{number, key})
		return nil
	})
	slices.SortFunc(list, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	keys := make([][]byte, len(list))
	for i, n := range list {
		keys[i] = n.key
	}
	return keys, err
}
