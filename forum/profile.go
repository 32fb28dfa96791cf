package forum

import "time"

// GroupID is the forum's own number of a rights group, such as "Moderators".
type GroupID int64

// Group is a rights group that members are in.
type Group struct {
	ID    GroupID
	Title string // plain text, not escaped
}

// Profile is what an announcement may choose a member by, or tell him about himself, beside what Member holds.
type Profile struct {
	Posts     int       // as the forum counts them
	JoinedAt  time.Time // zero: not known
	VisitedAt time.Time // when he was last seen on the site; zero: never
}
