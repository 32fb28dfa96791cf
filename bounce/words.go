package bounce

import "strings"

// phrases are lower-case text fragments that identify a class.
type phrases []string

func (p phrases) in(words string) bool {
	for _, phrase := range p {
		if strings.Contains(words, phrase) {
			return true
		}
	}
	return false
}

// blocked lists words that occur only when the sender is rejected. They take precedence over all others.
var blocked = phrases{
	"spamhaus", "blacklist", "black list", "blocklist", "block list", "dnsbl", " rbl", "barracudacentral", "spamcop", "proofpoint",
	"reputation", "dmarc", "unauthenticated", "spam", "unsolicited", "not verified", "blocked using", "been blocked",
	"policy reasons", "policy restriction", "local policy", "banned", "too many connections", "rate limit",
}

// tooBig lists the words of a 552 about the message, not about the mailbox.
var tooBig = phrases{"message size", "message too large", "message too big", "size limit", "maximum size", "exceeds size", "fixed maximum"}

// phraseClasses lists the words that identify each class, in order of precedence.
var phraseClasses = []struct {
	class Class
	words phrases
}{
	{ClassPolicy, blocked},
	{ClassUnknownUser, phrases{
		"user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown address", "address unknown", "unknown mailbox",
		"unknown local", "unknown account", "addressee unknown", "unknown or illegal alias",
		"no such user", "no such recipient", "no such mailbox", "no such address", "no such person", "no such account", "no mailbox here",
		"no mailbox by that name", "no account by that name",
		"does not exist", "doesn't exist", "not exist", "user not found", "recipient not found", "recipientnotfound", "mailbox not found",
		"account not found", "address not found", "could not be found", "couldn't be found", "wasn't found",
		"invalid recipient", "invalid mailbox", "invalid user", "not a valid mailbox", "not a valid user", "bad destination mailbox",
		"user doesn't have", "no longer works", "no longer in use", "no longer exists", "no longer valid", "account has been deleted",
		"does not accept mail (nullmx)", "nullmx", "null mx",
	}},
	{ClassDisabled, phrases{
		"disabled", "inactive", "suspended", "deactivated", "not active", "no longer active", "account expired", "account is closed", "discontinued",
	}},
	{ClassMailboxFull, phrases{
		"over quota", "overquota", "quota exceeded", "exceeded its quota", "exceeds quota", "exceeded storage", "quota full", "out of storage",
		"mailbox full", "mailbox is full", "inbox is full", "mailfolder is full", "insufficient storage", "insufficient system storage",
		"storage space", "no space left", "not enough space",
	}},
	{ClassContent, tooBig},
	{ClassRouting, phrases{
		"too many hops", "hop count", "mail loop", "loops back to myself", "routing loop", "loop detected", "unrouteable", "unroutable",
	}},
	{ClassExpired, phrases{
		"retry timeout", "timed out", "time expired", "message expired", "not been able to deliver", "connection refused", "connection timed out",
		"retry time not reached", "too old", "wasn't able to establish an smtp connection", "delivery time", "delayed too long",
	}},
	{ClassDomainNotFound, phrases{
		"host not found", "domain not found", "name service error", "host unknown", "unknown host", "unknown domain", "couldn't find any host",
		"domain name not found", "nxdomain", "non-existent domain",
	}},
	{ClassPolicy, phrases{
		"policy", "relay", "prohibited", "not permitted", "not allowed", "not authorized", "denied", "authentication", "rejected for", "content rejected",
		"virus", "greylist", "graylist", "abuse", "refused by", "sender", "reverse dns", "rdns", "spf", "dkim", "too many", "throttl",
		"rejected your message", "blocked", "restricted",
	}},
	{ClassUnspecified, phrases{"mailbox unavailable", "rejected", "not accepted"}},
}

// byWords returns "" if no phrase matches.
func byWords(words string) Class {
	for _, s := range phraseClasses {
		if s.words.in(words) {
			return s.class
		}
	}
	return ""
}
