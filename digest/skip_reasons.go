package digest

// Why a member gets no edition. The forum has reasons, too: see forum.Member.NoMail.
const (
	ReasonMemberDeleted   = "member is gone"
	ReasonNothingNew      = "nothing new"
	ReasonDigestsOff      = "digests turned off by the member"
	ReasonDigestsDisabled = "digests are disabled in the configuration"
	ReasonNoSubscriptions = "no watches yet, or too recent"
	ReasonNotSubscribed   = "watches nothing"
)

// Why a member gets no alert.
const (
	ReasonAlertsOff      = "alerts turned off by the member"
	ReasonPaused         = "email paused by the member"
	ReasonAlertsDisabled = "alerts are disabled in the configuration"
)

// Why a member gets no message of any kind.
const (
	// ReasonSuppressed also moves the covered sequence: a member with a new address does not get what came up before.
	ReasonSuppressed = "address bounces"
	// ReasonSuppressedByHand is the same for an address that an operator suppressed.
	ReasonSuppressedByHand = "address suppressed by an operator"
	// ReasonDailyLimit delays a message to the next day.
	ReasonDailyLimit = "daily limit reached"
	// ReasonWeekend delays digests and alerts to Monday.
	ReasonWeekend = "weekends off"
	// ReasonNotAllowListed is for staging systems.
	ReasonNotAllowListed = "not on the allow-list"
	// ReasonNotInShare is for the first weeks, when only a share of the members gets messages.
	ReasonNotInShare = "not in the share of members who get email"
	// ReasonNever is for members that the configuration excludes.
	ReasonNever = "on the list of members who get no email"
)

// Why a forecast has no message for a member.
const ReasonNotDue = "not due in this period"
