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

// linkKey is the name of the first key. The names of later keys end in their number.
const linkKey = "link key"

// All returns the secrets that sign the links in emails, oldest first. The first call creates the first secret.
func (s LinkKeys) All(ctx context.Context) ([][]byte, error) {
	keys, err := s.readLinkKeys(ctx)
	if err == nil && len(keys) == 0 {
		if err = s.makeLinkKey(ctx, linkKey); err == nil {
			keys, err = s.readLinkKeys(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading link keys: %w", err)
	}
	return keys, nil
}

// Add creates a new key and returns how many there are then. Daemons sign with it after their next start. The older keys still
// verify, so the links in old emails keep working.
func (s LinkKeys) Add(ctx context.Context) (keys int, err error) {
	old, err := s.All(ctx)
	if err != nil {
		return 0, err
	}
	keys = len(old) + 1
	if err := s.makeLinkKey(ctx, linkKey+" "+strconv.Itoa(keys)); err != nil {
		return 0, fmt.Errorf("adding a link key: %w", err)
	}
	return keys, nil
}

// makeLinkKey creates a key unless another daemon has just created it.
func (s LinkKeys) makeLinkKey(ctx context.Context, name string) error {
	fresh := make([]byte, 32)
	rand.Read(fresh)
	_, err := s.exec(ctx, nil, "set_value_once", args{"key": name, "value": hex.EncodeToString(fresh)})
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
			return fmt.Errorf("%q in the store is damaged: got %d bytes, want 32 (%v)", name, len(key), err)
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
