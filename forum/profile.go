package forum

import "time"

// GroupID is the forum's ID of a permission group, such as "Moderators".
type GroupID int64

// Group is a permission group that members belong to.
type Group struct {
	ID    GroupID
	Title string // plain text, not escaped
}

// Profile is what an announcement can filter members by or show them, in addition to Member.
type Profile struct {
	Posts     int       // as the forum counts them
	JoinedAt  time.Time // zero: unknown
	VisitedAt time.Time // last visit to the site; zero: never
	Unknown   bool      // the forum says none of this: no condition on it includes the member
}
