package addr

import "strings"

// providers lists the providers with several domains that share one limit, with the name that we use for each.
var providers = map[string]string{
	"gmail.com": "gmail.com", "googlemail.com": "gmail.com",
	"msn.com": "outlook.com", "windowslive.com": "outlook.com", "passport.com": "outlook.com",
	"ymail.com": "yahoo.com", "rocketmail.com": "yahoo.com", "aim.com": "yahoo.com",
	"icloud.com": "icloud.com", "me.com": "icloud.com", "mac.com": "icloud.com",
	"gmx.net": "gmx.net", "web.de": "gmx.net", "mail.com": "gmx.net",
	"proton.me": "proton.me", "protonmail.com": "proton.me", "pm.me": "proton.me",
	"mail.ru": "mail.ru", "inbox.ru": "mail.ru", "list.ru": "mail.ru", "bk.ru": "mail.ru",
	"orange.fr": "orange.fr", "wanadoo.fr": "orange.fr",
	"t-online.de": "t-online.de", "magenta.de": "t-online.de",
}

// multiCountry lists providers with the same name in many country domains: hotmail.de, live.co.uk, yahoo.com.br.
var multiCountry = map[string]string{
	"outlook": "outlook.com", "hotmail": "outlook.com", "live": "outlook.com",
	"yahoo": "yahoo.com", "aol": "yahoo.com", "gmx": "gmx.net", "yandex": "yandex.com",
}

// Provider returns the provider of an address, or its domain if the provider is unknown.
func Provider(address string) string {
	domain := Domain(address)
	if p, known := knownProvider(domain); known {
		return p
	}
	return domain
}

// IsOfProvider reports whether an address is at a known provider, where anyone can have a mailbox. Another domain may be one mailbox,
// whatever is before the @.
func IsOfProvider(address string) bool {
	_, known := knownProvider(Domain(address))
	return known
}

func knownProvider(domain string) (name string, known bool) {
	if p, known := providers[domain]; known {
		return p, true
	}
	name, rest, _ := strings.Cut(domain, ".")
	if p, known := multiCountry[name]; known && isCountry(rest) {
		return p, true
	}
	return "", false
}

// isCountry reports whether a suffix is like "com", "de", "co.uk" or "com.br", and not a domain with a host of the
// provider's name.
func isCountry(suffix string) bool {
	second, top, two := strings.Cut(suffix, ".")
	if !two {
		return second == "com" || len(second) == 2
	}
	return (second == "co" || second == "com") && len(top) == 2
}
