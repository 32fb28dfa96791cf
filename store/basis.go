package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/forum"
)

// Basis is what the forum said when a member chose their preferences.
type Basis struct {
	Member forum.MemberID
	digest.PreferenceBaseline
	chosen int64 // time of the latest choice, Unix seconds
}

// OverrideBaseline is what the forum said about a watch when its override was chosen.
type OverrideBaseline struct {
	Member      forum.MemberID
	Section     forum.SectionID
	Thread      forum.ThreadID
	Fingerprint string // state of the watch (digest.WatchFingerprint); empty: not checked since the choice
	chosen      int64
}

// MembersWithPreferences returns up to limit members with an ID above after who chose anything, in ascending order, with the
// baselines of their preferences and overrides.
func (s Preferences) MembersWithPreferences(ctx context.Context, after forum.MemberID, limit int) (members []forum.MemberID, bases []Basis, overrides []OverrideBaseline, err error) {
	err = s.query(ctx, nil, "members_with_preferences", args{"after": int64(after), "most": limit}, func(scan scanFunc) error {
		var id forum.MemberID
		err := scan(&id)
		members = append(members, id)
		return err
	})
	if err == nil {
		bases, err = s.baselines(ctx, members)
	}
	if err == nil {
		overrides, err = s.overrideBaselines(ctx, members)
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading preference baselines: %w", err)
	}
	return members, bases, overrides, nil
}

func (s Preferences) baselines(ctx context.Context, members []forum.MemberID) (list []Basis, err error) {
	err = s.query(ctx, nil, "preference_baselines", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		var b Basis
		var zone, locale, cadence, forumZone, forumLocale, forumDigests sql.NullString
		var optOuts sql.NullInt64
		err := scan(&b.Member, &b.chosen, &zone, &locale, &cadence, &forumZone, &forumLocale, &forumDigests, &optOuts)
		b.Zone, b.Locale, b.Cadence = zone.String, locale.String, digest.Cadence(cadence.String)
		b.ForumZone, b.ForumLocale, b.ForumDigests = stringPtr(forumZone), stringPtr(forumLocale), digestChoice(forumDigests)
		if optOuts.Valid {
			kinds := forum.Kinds(optOuts.Int64)
			b.OptOuts = &kinds
		}
		list = append(list, b)
		return err
	})
	return list, err
}

func stringPtr(s sql.NullString) *string {
	if !s.Valid {
		return nil
	}
	return &s.String
}

func (s Preferences) overrideBaselines(ctx context.Context, members []forum.MemberID) (list []OverrideBaseline, err error) {
	err = s.query(ctx, nil, "override_baselines", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		var w OverrideBaseline
		var fingerprint sql.NullString
		err := scan(&w.Member, &w.Section, &w.Thread, &w.chosen, &fingerprint)
		w.Fingerprint = fingerprint.String
		list = append(list, w)
		return err
	})
	return list, err
}

type baselineRow struct {
	Member      forum.MemberID      `json:"member"`
	Chosen      int64               `json:"chosen"`
	Zone        int                 `json:"zone"` // 1: keep the member's choice
	Locale      int                 `json:"locale"`
	Schedule    int                 `json:"schedule"`
	ForumZone   *string             `json:"basis_zone"`
	ForumLocale *string             `json:"basis_locale"`
	Digests     *forum.DigestChoice `json:"basis_digests"`
	OptOuts     *forum.Kinds        `json:"basis_opt_outs"`
}

type overrideBaselineRow struct {
	Member      forum.MemberID  `json:"member"`
	Section     forum.SectionID `json:"section"`
	Thread      forum.ThreadID  `json:"thread"`
	Chosen      int64           `json:"chosen"`
	Fingerprint string          `json:"basis"`
}

// SaveBases saves the baselines after a check of the forum, and removes the choices that the forum overrides: those missing
// in bases, and the lapsed overrides. It skips choices that were made again in the meantime.
func (s Preferences) SaveBases(ctx context.Context, bases []Basis, overrides, lapsed []OverrideBaseline) error {
	list := make([]baselineRow, len(bases))
	for i, b := range bases {
		list[i] = baselineRow{Member: b.Member, Chosen: b.chosen, ForumZone: cleanWord(b.ForumZone), ForumLocale: cleanWord(b.ForumLocale), Digests: b.ForumDigests, OptOuts: b.OptOuts}
		list[i].Zone, list[i].Locale, list[i].Schedule = boolToInt(b.Zone != ""), boolToInt(b.Locale != ""), boolToInt(b.Cadence != "")
	}
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := execRows(ctx, s.database, tx, "save_preference_baselines", list); err != nil {
			return err
		}
		if err := execRows(ctx, s.database, tx, "save_override_baselines", overrideBaselineRows(overrides)); err != nil {
			return err
		}
		return execRows(ctx, s.database, tx, "delete_lapsed_overrides", overrideBaselineRows(lapsed))
	})
	if err != nil {
		return fmt.Errorf("saving preference baselines: %w", err)
	}
	return nil
}

func overrideBaselineRows(overrides []OverrideBaseline) []overrideBaselineRow {
	list := make([]overrideBaselineRow, len(overrides))
	for i, w := range overrides {
		list[i] = overrideBaselineRow{w.Member, w.Section, w.Thread, w.chosen, sanitizeText(w.Fingerprint)}
	}
	return list
}

func cleanWord(s *string) *string {
	if s == nil {
		return nil
	}
	c := sanitizeText(*s)
	return &c
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
