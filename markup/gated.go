package markup

import "strings"

// hidesUnclosed reports whether a tag of this name hides everything after it if it is not closed. A forum may
// show that, but showing too little is better than leaking a secret by email.
func hidesUnclosed(name string) bool { return strings.HasPrefix(name, "hide") }

// isGate reports whether the name of a tag, in lower case, says that not everybody may read the content, or
// not at once. Add-ons use many names: hidereply, likeToView, staff, groups. Such a pair of tags is hidden even
// if the forum's list of codes cannot be read.
func isGate(name string) bool {
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(name)
	for _, part := range gateParts {
		if strings.Contains(plain, part) {
			return true
		}
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(plain, "exc"), "only") // [USERSEXC]: all users but these
	return gateNames[stem] || gateNames[strings.TrimSuffix(stem, "s")]
}

// isRank reports whether the name of a gate may also be part of a member's name: "[MOD]".
func isRank(name string) bool { return gateNames[name] }

// isParameter reports whether the name of a gate may also be that of a parameter: "?filter[users][]=1".
func isParameter(name string) bool {
	return isRank(name) || isRank(strings.TrimSuffix(name, "s"))
}

// alwaysHides reports whether a name that isGate accepts stays hidden even if its replacement looks harmless:
// style sheets and scripts decide what the page shows.
func alwaysHides(name string) bool {
	for _, part := range gateParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// gateParts make a name that contains one of them a gate.
var gateParts = [...]string{
	"hide", "hidden", "spoil", "blur", "secret", "tosee", "toview", "toread", "2see", "2view", "2read", "unlock", "restrict",
	"conceal", "invisible", "reveal", "showto", "visible", "thanks", "reply", "guest", "premium", "locked", "redact", "censor", "showif", "seeif", "forgroup", "memberonly", "membersonly", "onlymember", "onlyregistered", "registeredonly", "registereduser", "registeredmember",
	"trustlevel", "gizli", "versteck", "verberg", "oculto", "ocultar", "escond", "nascond", "nascost", "masquer",
}

// gateNames are gates by their whole name.
var gateNames = set(`staff mod moderator admin administrator team day like post user username group usergroup trophy trophie
	reaction react reply replie answer thank thx charge credit pay paid paywall buy sell cash price comment private member
	registered reg guest vip premium donor donator supporter subscriber login loggedin loggedout auth if unless mature adult
	sensitive password passwd pass lock locked protect protected privacy whisper only minpost reputation
	month year week hour age joined rank level point karma coin gold silver donate donation patron patreon sponsor club
	trusted verified confirmed role permission perm access visitor referral invite liked likethi thankyou ifpost nsfw
	hid hde invi expire timed until`)

func set(names string) map[string]bool {
	all := make(map[string]bool)
	for name := range strings.FieldsSeq(names) {
		all[name] = true
	}
	return all
}
