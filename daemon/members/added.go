package members

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// ErrNotAddable is returned for a section that a member cannot add: they may not read it, or watch it already.
var ErrNotAddable = errors.New("the member cannot add this section")

// Addable lists up to limit sections whose title contains some words, that a member may read and does not watch.
func (d *Service) Addable(ctx context.Context, now time.Time, a Account, words string, limit int) (list []ReadableSection, err error) {
	if !a.CanRead() {
		return nil, nil
	}
	readable, err := d.ReadableSections(ctx, now, a.Member.ID)
	if err != nil {
		return nil, err
	}
	for _, section := range readable {
		if len(list) < limit && !a.watches(section.ID) && ContainsWords(section.Title, words) {
			list = append(list, section)
		}
	}
	return list, nil
}

// ContainsWords reports whether a title contains all of some words, whatever their case.
func ContainsWords(title, words string) bool {
	title = strings.ToLower(title)
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(words)), func(word string) bool { return !strings.Contains(title, word) })
}

func (a Account) watches(section forum.SectionID) bool {
	return slices.ContainsFunc(a.Watches, func(w WatchSetting) bool { return w.Section == section })
}

// AddSection lets a member watch a section here that they may read and do not watch on the forum. The cadence is that of an override:
// digest.Instant for alerts. It ends when they set it to nothing here, or watch the section on the forum.
func (d *Service) AddSection(ctx context.Context, now time.Time, a Account, section forum.SectionID, cadence digest.Cadence) error {
	addable, err := d.Addable(ctx, now, a, "", maxAddable)
	switch {
	case err != nil:
		return err
	case !slices.ContainsFunc(addable, func(s ReadableSection) bool { return s.ID == section }):
		return fmt.Errorf("adding section %d: %w", section, ErrNotAddable)
	}
	if err := d.enroll(ctx, now, a.Member); err != nil {
		return err
	}
	if err := d.store.Preferences.AddSection(ctx, now, a.Member.ID, section, cadence); err != nil {
		return err
	}
	return d.takeEffect(ctx, now, a.Member.ID, false)
}

// maxAddable is more sections than a forum has.
const maxAddable = 1e6
