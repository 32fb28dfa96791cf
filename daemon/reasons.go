package daemon

// Why a member gets no edition. The forum has reasons, too: see forum.Member.NoMail.
const (
	reasonMemberDeleted   = "member is gone"
	reasonNothingNew      = "nothing new"
	reasonDigestsOff      = "digests turned off by the member"
	reasonNoSubscriptions = "he watches nothing, or began to only now"
)

// Why a member gets no alert.
const (
	reasonAlertsOff      = "alerts turned off by the member"
	reasonPaused         = "mail paused by the member"
	reasonAlertsDisabled = "alerts are turned off for the whole site"
)

// Why a member gets no message of any kind.
const (
	// reasonSuppressed also moves the covered sequence: a member with a new address does not get what came up before.
	reasonSuppressed = "address bounces"
	// reasonDailyLimit delays a message to the next day.
	reasonDailyLimit = "as many mails today as a member may get"
	// reasonNotAllowListed is for staging systems.
	reasonNotAllowListed = "not on the allow-list"
)

// Why a forecast has no message for a member.
const (
	reasonNotDue        = "not due in this time"
	reasonNotSubscribed = "watches nothing"
)
