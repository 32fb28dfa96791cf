package digest

// Reason says why a post of the window is not in an edition.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	ReasonDeleted        Reason = "permanently deleted"
	PostDeleted          Reason = "post deleted"
	PostModerated        Reason = "post awaiting approval"
	ThreadDeleted        Reason = "thread deleted"
	ThreadModerate       Reason = "thread awaiting approval"
	Redirected           Reason = "redirect left behind by a move"
	NotReadable          Reason = "not readable"
	ReasonNotOwnThread   Reason = "not readable: own threads only, and this is not his"
	OwnPost              Reason = "own post"
	Ignored              Reason = "author ignored"
	NotWatched           Reason = "not watched"
	ThreadsOnly          Reason = "section watched for new threads only"
	ReasonMuted          Reason = "muted"
	AlreadyRead          Reason = "already read on the site"
	AlreadyAlerted       Reason = "already sent as an alert"
	ReasonAlertPending   Reason = "on its way as an alert"
	ReasonDeferred       Reason = "owed: comes with another edition"
	ReasonInOtherEdition Reason = "came with another edition"
	HeldForWeek          Reason = "held for the weekly edition"
	HeldForMonth         Reason = "held for the monthly edition"
	Superseded           Reason = "counted where it was moved to"
	ReasonSeenBeforeMove Reason = "already had before it was moved"
	ReasonMovePending    Reason = "just moved: counts once the move is sighted"
)

// ReasonNotVisitedSince is why a member who is told of the first reply alone is not told of another.
const ReasonNotVisitedSince Reason = "told of its thread before, and not back there since"

// ReasonLeftToDigest is why a post is not sent at once after all: his digest brings it, as far as it still may.
const ReasonLeftToDigest Reason = "left to the digest: no mail at once is wanted of it any more"

// Reason says why a member is not mailed an announcement. The reasons that the forum itself has are its own
// words (forum.Member.NoMail).
const (
	NotOnList               Reason = "not on the list"
	Excepted                Reason = "excepted"
	NotInGroup              Reason = "in none of the groups"
	NoSuchLocale            Reason = "another language"
	PostCount               Reason = "another number of posts"
	JoinDate                Reason = "joined at another time"
	LastVisit               Reason = "visited at another time"
	NotWatching             Reason = "watches none of the sections"
	OptedOutOfAnnouncements Reason = "announcements turned off by the member"
	EmailPaused             Reason = "mail paused by the member"
)
