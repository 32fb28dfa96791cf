package daemon

// Why a member gets no edition. The forum has reasons, too: see forum.Member.NoMail.
const (
	reasonMemberDeleted   = "member is gone"
	reasonNothingNew      = "nothing new"
	reasonDigestsOff      = "digests turned off by the member"
	reasonNoSubscriptions = "no watches yet, or too recent"
)

// Why a member gets no alert.
const (
	reasonAlertsOff      = "alerts turned off by the member"
	reasonPaused         = "email paused by the member"
	reasonAlertsDisabled = "alerts are disabled in the configuration"
)

// Why a member gets no message of any kind.
const (
	// reasonSuppressed also moves the covered sequence: a member with a new address does not get what came up before.
	reasonSuppressed = "address bounces"
	// reasonDailyLimit delays a message to the next day.
	reasonDailyLimit = "daily limit reached"
	// reasonNotAllowListed is for staging systems.
	reasonNotAllowListed = "not on the allow-list"
)

// Why a forecast has no message for a member.
const (
	reasonNotDue        = "not due in this period"
	reasonNotSubscribed = "watches nothing"
)
