package addr

import "strings"

// Mailbox returns what the spellings of an address that reach one mailbox have in common: lower case, no tag after a plus, and at Gmail
// no dots. It may not be the address of a mailbox itself: use it to compare and to count.
func Mailbox(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return strings.ToLower(address)
	}
	local, domain := strings.ToLower(address[:at]), Domain(address)
	if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
		local = name
	}
	if providers[domain] == "gmail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}
