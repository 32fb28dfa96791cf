package digest

// Reason says why a message leaves out a post of the window.
type Reason string

// The reasons, in the order in which they are checked.
const (
	ReasonDeleted        Reason = "permanently deleted"
	PostDeleted          Reason = "post deleted"
	PostModerated        Reason = "post awaiting approval"
	PostHidden           Reason = "post hidden"
	ThreadDeleted        Reason = "thread deleted"
	ThreadModerate       Reason = "thread awaiting approval"
	ThreadHidden         Reason = "thread hidden"
	Redirected           Reason = "redirect to a moved thread"
	NotReadable          Reason = "no access"
	ReasonNotOwnThread   Reason = "no access: own threads only"
	OwnPost              Reason = "own post"
	Ignored              Reason = "author ignored"
	NotWatched           Reason = "not watched"
	ThreadsOnly          Reason = "section watched for new threads only"
	WatchedWithoutEmail  Reason = "watched without email"
	RepliesOff           Reason = "replies turned off"
	NewThreadsOff        Reason = "new threads turned off"
	QuotesOff            Reason = "quotes turned off"
	MentionsOff          Reason = "mentions turned off"
	ReasonMuted          Reason = "muted"
	MutedOnForum         Reason = "muted on the forum"
	AlreadyRead          Reason = "already read on the site"
	AlreadyAlerted       Reason = "already sent as an alert"
	ReasonAlertPending   Reason = "alert pending"
	ReasonDeferred       Reason = "deferred to another digest"
	ReasonInOtherEdition Reason = "left to an earlier digest"
	HeldForRepeat        Reason = "left to the next digest: an earlier copy of this message may have arrived without it"
	HeldForWeek          Reason = "deferred to the weekly digest"
	HeldForMonth         Reason = "deferred to the monthly digest"
	Superseded           Reason = "counted in the section it was moved to"
	ReasonSeenBeforeMove Reason = "already covered before it was moved"
	ReasonMovePending    Reason = "just moved: covered after the move is sighted"
)

// ReasonNotVisitedSince applies to members who get alerts about the first reply only.
const ReasonNotVisitedSince Reason = "already alerted about this thread, no visit since"

// ReasonLeftToDigest means that no watch or override requests an alert any more. The digest brings the post, if the
// rules still allow it.
const ReasonLeftToDigest Reason = "left to the digest: no alert requested any more"

// ReasonLate means that the post was already old when its alert was planned, and the member's digest was due soon.
const ReasonLate Reason = "left to the digest: too late for an alert"

// ReasonWithDigest means that the member gets quotes or mentions with the digest.
const ReasonWithDigest Reason = "left to the digest: posts of this kind come with it"

// The reasons why the next digest must bring the posts of an alert. The store builds them from the state of the alert.
const (
	AlertRefused   Reason = "alert refused"
	AlertSkipped   Reason = "alert skipped"
	AlertUncertain Reason = "alert uncertain"
	AlertExpired   Reason = "alert expired"
)

// DeferredToDigest is what the store records for the posts of an alert that was not delivered.
const DeferredToDigest Reason = "deferred to a digest"

// Why a part of an audience is not reached yet, or never.
const (
	RestScheduled  Reason = "waiting for the start"
	RestCanary     Reason = "waiting for the canary"
	RestPaused     Reason = "waiting while paused"
	RestNotQueued  Reason = "not in the queue yet"
	RestSpeed      Reason = "waiting because of the speed limit"
	RestQueued     Reason = "in the queue"
	RestInDelivery Reason = "in delivery"
	RestCancelled  Reason = "not sent, because it was cancelled"
)

// The reasons why a member does not get an announcement. Reasons of the forum are passed on unchanged
// (forum.Member.NoMail).
const (
	NotOnList               Reason = "not on the list"
	Excepted                Reason = "on the exclusion list"
	NotInGroup              Reason = "in none of the groups"
	NoSuchLocale            Reason = "different language"
	PostCount               Reason = "post count out of range"
	JoinDate                Reason = "join date out of range"
	LastVisit               Reason = "last visit out of range"
	NotWatching             Reason = "watches none of the sections"
	OptedOutOfAnnouncements Reason = "announcements turned off by the member"
	EmailPaused             Reason = "email paused by the member"
)
