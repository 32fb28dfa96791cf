package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"postrider/internal/line"
)

// OfferedSection is a section that people can subscribe to on the page.
type OfferedSection struct {
	ID     int64  `db:"id"`
	Ref    string `db:"ref"` // the sender's ID
	Parent string `db:"parent"`
	Title  string `db:"title"`
}

// maxOffered is how many sections the page offers: a form with more is of no use.
const maxOffered = 200

// Offered returns the sections that people can subscribe to, in the site's order. wanted are IDs of the sender or titles; none: all.
func (db *DB) Offered(ctx context.Context, wanted []string) (list []OfferedSection, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		return tx.list("offered_sections", args{"limit": maxOffered}, &list)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the sections of the mirror: %w", err)
	}
	if len(wanted) > 0 {
		list = slices.DeleteFunc(list, func(s OfferedSection) bool {
			return !slices.Contains(wanted, s.Ref) && !slices.Contains(wanted, s.Title)
		})
	}
	return list, nil
}

// Subscription is what the owner of an address has confirmed.
type Subscription struct {
	Address  string
	Name     string // empty: the part of the address before the @
	Zone     string // IANA name; empty: the site's default
	Locale   string // BCP 47 tag
	Sections []int64
}

// Subscribe makes the owner of an address a member, unless they are one, and adds watches. Sections that were deleted are left out.
// Repeating it changes nothing. cameBack means that the address had left, and gets email again from now on.
func (db *DB) Subscribe(ctx context.Context, s Subscription, now time.Time) (member int64, cameBack bool, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		in := newIntake(tx, now)
		ref := ""
		key := addressKey(s.Address)
		if cameBack, err = in.welcome(key); err != nil {
			return err
		}
		err := tx.get("member_of_address", args{"email_key": key, "ref": ""}, &ref)
		if errors.Is(err, sql.ErrNoRows) {
			ref = addressID(s.Address)
			m := Member{ID: ref, Name: s.name(), Email: s.Address, Zone: s.Zone, Locale: s.Locale}
			if err = in.prepare(&Request{Members: []Member{m}}); err == nil {
				err = in.member("", m)
			}
		}
		if err != nil {
			return err
		}
		if member, err = in.find("", "member", ref); err != nil {
			return err
		}
		for _, section := range s.Sections {
			if _, err := in.exec("watch_offered_section", args{"member_id": member, "section_id": section}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("storing a subscription: %w", err)
	}
	return member, cameBack, nil
}

// MaxName is the maximum length of the name that a subscriber gives, in characters.
const MaxName = 60

func (s Subscription) name() string {
	name := line.Fit(s.Name, MaxName)
	if line.IsBlank(name) {
		name, _, _ = strings.Cut(s.Address, "@")
	}
	return name
}

// ValidName reports whether a name can be that of a subscriber; empty: they gave none.
func ValidName(name string) bool {
	return utf8.RuneCountInString(name) <= MaxName && oneLine(name, MaxName) == strings.TrimSpace(name)
}
