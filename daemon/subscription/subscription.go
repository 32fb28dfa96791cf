// Package subscription lets anyone subscribe to sections of a mirror, after the owner of the address has confirmed it.
//
//  1. [Service.Ask] puts a message to the address into the outbox. It does the same for every address, so that strangers do not learn from it who
//     is a member or which addresses are suppressed. Nobody is subscribed yet.
//  2. [Reader.Letters] decides what that message says, right before it is sent: please confirm, or you are subscribed already.
//  3. [Service.Confirm] makes the owner of the address a member with these watches, and records their consent. Each link does so once.
package subscription

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/members"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mirror"
	"postrider/source"
	"postrider/store"
)

// Limits of confirmations to one mailbox.
const (
	hourly = 1
	daily  = 3
)

// domainShare is which part of all confirmations of a day one domain gets: a tenth. At a domain of their own, people often get whatever is
// before the @ into one mailbox.
const domainShare = 10

// Reader reads links and what they are about. It is safe for concurrent use.
type Reader struct {
	links   *link.Signer
	forum   *source.DB
	members *members.Service
}

// NewReader returns a Reader.
func NewReader(links *link.Signer, f *source.DB, m *members.Service) Reader {
	return Reader{links, f, m}
}

// Service takes requests and confirms them. It is safe for concurrent use.
type Service struct {
	Reader
	mirror *mirror.DB
	store  *store.Store
	config mirror.Config
}

// New returns a Service for the pages.
func New(r Reader, m *mirror.DB, s *store.Store, c mirror.Config) *Service {
	return &Service{r, m, s, c}
}

// Offered returns the sections on offer.
func (s *Service) Offered(ctx context.Context) ([]mirror.OfferedSection, error) {
	return s.mirror.Offered(ctx, s.config.SubscribeSections)
}

// Ask asks the owner of an address to confirm a request. The ID and the time of the request are set here. It reports whether the domain,
// or all addresses together, have got too many messages today.
func (s *Service) Ask(ctx context.Context, now time.Time, r Request) (tooMany bool, err error) {
	r.ID, r.Asked = newID(), now.Unix()
	token, err := seal(s.links, r)
	if err != nil {
		return false, err
	}
	limits := store.ConfirmationLimits{Hourly: hourly, Daily: daily, ToDomain: max(s.config.SubscribeDaily/domainShare, daily), InAll: s.config.SubscribeDaily}
	result, err := s.store.Confirmations.Ask(ctx, now, store.Confirmation{Address: r.Address, Token: token}, limits)
	return result == store.AskedToDomain || result == store.AskedInAll, err
}

// Result is a request that was confirmed.
type Result struct {
	Request
	Titles []string // of the sections
	Member forum.MemberID
	First  bool // it was not confirmed before
}

// Read returns what a link confirms. If it was confirmed before, the result has the member. If no section of it is on offer any more, the
// error is [ErrExpired].
func (s *Service) Read(ctx context.Context, now time.Time, token string) (Result, error) {
	r, err := open(s.links, token, now)
	if err != nil {
		return Result{}, err
	}
	result := Result{Request: r}
	if result.Member, _, err = s.store.Consents.MemberOf(ctx, r.ID); err == nil {
		result.Titles, err = s.titles(ctx, r)
	}
	if err == nil && result.Member == forum.Guest && len(result.Titles) == 0 {
		err = ErrExpired // there is nothing left to subscribe to
	}
	return result, err
}

// Confirm does what a link confirms, unless that was done before.
func (s *Service) Confirm(ctx context.Context, now time.Time, token string) (Result, error) {
	result, err := s.Read(ctx, now, token)
	if err != nil || result.Member != forum.Guest {
		return result, err
	}
	r := result.Request
	member, cameBack, err := s.mirror.Subscribe(ctx, mirror.Subscription{Address: r.Address, Name: r.Name, Zone: r.Zone, Locale: r.Locale, Sections: r.Sections}, now)
	if err != nil {
		return Result{}, err
	}
	result.Member = forum.MemberID(member)
	if err := s.members.Subscribe(ctx, now, result.Member, r.Cadence, sectionIDs(r), cameBack); err != nil {
		return Result{}, fmt.Errorf("saving the frequency of a new subscription: %w", err)
	}
	// Last, so that after a failure the same link repeats the steps above, which then change nothing.
	result.First, err = s.store.Consents.Record(ctx, r.ID, store.Consent{
		Member: result.Member, Address: r.Address, Asked: time.Unix(r.Asked, 0), Confirmed: now, Sections: result.Titles, Cadence: r.Cadence, Locale: r.Locale,
	})
	return result, err
}

// Letter is what a confirmation says.
type Letter struct {
	Request
	Titles  []string       // of the sections
	Member  forum.MemberID // who has the address; 0: nobody
	Email   string         // the member's address, if it is a request for the link to their settings
	Already bool           // the member gets all of this already
	Err     error          // ErrInvalid or ErrExpired: it must not be sent
}

// Letters returns what the confirmations with these tokens say, in the same order.
func (r Reader) Letters(ctx context.Context, now time.Time, tokens []string) ([]Letter, error) {
	letters := make([]Letter, len(tokens))
	var addresses []string
	for i, token := range tokens {
		letters[i].Request, letters[i].Err = open(r.links, token, now)
		addresses = append(addresses, letters[i].Address)
	}
	var known map[string]forum.MemberID
	err := r.forum.Read(ctx, func(s *source.Snapshot) error {
		err := addTitles(ctx, s, letters)
		if err == nil {
			known, err = s.MembersByEmail(ctx, addresses)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the members and sections of confirmations: %w", err)
	}
	for i := range letters {
		l := &letters[i]
		if l.Member = known[l.Address]; l.Member == forum.Guest || l.Err != nil {
			continue
		}
		a, err := r.members.Account(ctx, now, l.Member)
		if err != nil && !errors.Is(err, forum.ErrNoMember) { // deleted in between
			return nil, err
		}
		if l.ToSettings {
			l.toSettings(a, err)
			continue
		}
		l.Already = err == nil && a.Gets(l.Cadence, sectionIDs(l.Request))
	}
	return letters, nil
}

// toSettings fills in a letter with the link to the settings. Whoever opted out can get it: they ask for it. It goes to the address that
// the forum has: a database may find a member by another one that it takes for the same.
func (l *Letter) toSettings(a members.Account, err error) {
	if err != nil || a.Member.NoMail != "" && a.Member.NoMail != forum.OptedOut {
		l.Member = forum.Guest
		return
	}
	l.Email, l.Locale = a.Member.Email, a.Effective.Locale
}

// addTitles adds the titles of the sections. Only a mirror has sections to subscribe to.
func addTitles(ctx context.Context, s *source.Snapshot, letters []Letter) error {
	if !slices.ContainsFunc(letters, func(l Letter) bool { return !l.ToSettings }) {
		return nil
	}
	public, err := publicSections(ctx, s)
	if err != nil {
		return err
	}
	for i := range letters {
		letters[i].Titles = titlesOf(public, letters[i].Request)
	}
	return nil
}

func (r Reader) titles(ctx context.Context, of Request) (titles []string, err error) {
	err = r.forum.Read(ctx, func(s *source.Snapshot) error {
		public, err := publicSections(ctx, s)
		titles = titlesOf(public, of)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading sections: %w", err)
	}
	return titles, nil
}

// publicSections returns the sections that everyone may read. Others may have been public when somebody asked for them: not even their
// titles may be shown now.
func publicSections(ctx context.Context, s *source.Snapshot) ([]forum.Section, error) {
	sections, err := s.Sections(ctx)
	if err != nil {
		return nil, err
	}
	access, err := s.Access(ctx, []forum.Class{source.MirrorPublic})
	return slices.DeleteFunc(sections, func(section forum.Section) bool {
		return access[source.MirrorPublic][section.ID] == forum.NoRight
	}), err
}

// titlesOf returns the titles of a request's sections, in the site's order. Sections that are not in the list are left out.
func titlesOf(sections []forum.Section, r Request) []string {
	wanted := make(map[forum.SectionID]bool, len(r.Sections))
	for _, id := range sectionIDs(r) {
		wanted[id] = true
	}
	titles := []string{}
	for _, s := range sections {
		if wanted[s.ID] {
			titles = append(titles, s.Title)
		}
	}
	return titles
}

func sectionIDs(r Request) []forum.SectionID {
	ids := make([]forum.SectionID, len(r.Sections))
	for i, id := range r.Sections {
		ids[i] = forum.SectionID(id)
	}
	return ids
}
