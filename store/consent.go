package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// Consent is a subscription that the owner of an address confirmed.
type Consent struct {
	Member    forum.MemberID
	Address   string
	Asked     time.Time
	Confirmed time.Time
	Sections  []string // titles, as the message had them
	Cadence   digest.Cadence
	Locale    string // in which the message was written
}

// consentsListed is how many consents of a member are listed.
const consentsListed = 20

// Record saves the consent to a request, and reports whether it is the first one to it.
func (s Consents) Record(ctx context.Context, request string, c Consent) (recorded bool, err error) {
	sections, err := marshalRows(c.Sections)
	if err != nil {
		return false, err
	}
	n, err := s.exec(ctx, nil, "add_consent", args{
		"id": request, "member": c.Member, "address": c.Address, "asked": c.Asked.Unix(), "confirmed": c.Confirmed.Unix(),
		"sections": sections, "cadence": string(c.Cadence), "locale": c.Locale,
	})
	if err != nil {
		return false, fmt.Errorf("saving a consent: %w", err)
	}
	return n > 0, nil
}

// MemberOf returns the member who confirmed a request. known is false if nobody has.
func (s Consents) MemberOf(ctx context.Context, request string) (member forum.MemberID, known bool, err error) {
	err = s.query(ctx, nil, "consent_member", args{"id": request}, func(scan scanFunc) error {
		known = true
		return scan(&member)
	})
	if err != nil {
		return 0, false, fmt.Errorf("reading a consent: %w", err)
	}
	return member, known, nil
}

// Of returns a member's newest consents, the latest first.
func (s Consents) Of(ctx context.Context, member forum.MemberID) (list []Consent, err error) {
	err = s.query(ctx, nil, "consents", args{"member": member, "most": consentsListed}, func(scan scanFunc) error {
		c := Consent{Member: member}
		var asked, confirmed int64
		var sections, cadence string
		if err := scan(&c.Address, &asked, &confirmed, &sections, &cadence, &c.Locale); err != nil {
			return err
		}
		c.Asked, c.Confirmed, c.Cadence = time.Unix(asked, 0).UTC(), time.Unix(confirmed, 0).UTC(), digest.Cadence(cadence)
		list = append(list, c)
		return json.Unmarshal([]byte(sections), &list[len(list)-1].Sections)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the consents of a member: %w", err)
	}
	return list, nil
}
