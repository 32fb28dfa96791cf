package daemon

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"postrider/internal/racetest"
	"postrider/internal/smtptest"
)

// goodReplies has the points at which a relay can fail, with the reply of a working relay.
var goodReplies = map[string]string{
	"connect": "220 script.test ESMTP",
	"EHLO":    "250 script.test",
	"MAIL":    "250 2.1.0 Ok",
	"RCPT":    "250 2.1.5 Ok",
	"DATA":    "354 Go on",
	".":       "250 2.0.0 Ok",
}

// faultPattern is the behavior of a relay while it fails, and afterwards.
type faultPattern struct {
	faulty, healthy smtptest.Table
}

// faultPatterns returns all known failures of a relay, by name.
func faultPatterns() map[string]faultPattern {
	all := map[string]faultPattern{}
	for stage, good := range goodReplies {
		for what, act := range faults(good) {
			all[stage+" "+what] = faultPattern{faulty: smtptest.Table{stage: {act}}}
		}
	}
	for _, read := range []int{0, 1, 100, 5000, smtptest.All} {
		all[fmt.Sprintf("cut after %d bytes of the message", read)] = faultPattern{faulty: smtptest.Table{"body": {{Read: read, Drop: true}}}}
		all[fmt.Sprintf("stuck after %d bytes of the message", read)] = faultPattern{faulty: smtptest.Table{"body": {{Read: read, Hang: true}}}}
	}
	unknown := []smtptest.Act{{Reply: "550 5.1.1 User unknown"}}
	stuck := []smtptest.Act{{NoReply: true, Hang: true}}
	for name, table := range map[string]smtptest.Table{
		"reads slowly": {"body": {{Wait: 8 * replyTimeout}}},
		"recipient rejected, message accepted, no reply":  {"RCPT": unknown, ".": stuck},
		"recipient rejected, message accepted":            {"RCPT": unknown, ".": {{}}},
		"recipient and message rejected, then RSET hangs": {"RCPT": unknown, "DATA": {{Reply: "503 5.5.1 No recipient"}}, "RSET": stuck},
		"every other message rejected, and QUIT hangs":    {".": {{}, {Reply: "421 4.7.0 Enough"}, {}}, "QUIT": stuck},
		"mixed failures": {".": slices.Repeat([]smtptest.Act{{}, {Reply: "421 4.7.0 Enough", Drop: true}, {NoReply: true, Drop: true}}, 20)},
	} {
		all[name] = faultPattern{faulty: table}
	}
	// Without pipelining each command waits for its reply.
	plain := []smtptest.Act{{Reply: "250 script.test"}}
	for name, s := range maps.Clone(all) {
		stage, what, _ := strings.Cut(name, " ")
		if lineByLine[what] && (stage == "MAIL" || stage == "RCPT" || stage == "DATA") {
			all[name+", line by line"] = faultPattern{faulty: smtptest.Table{"EHLO": plain, stage: s.faulty[stage]}, healthy: smtptest.Table{"EHLO": plain}}
		}
	}
	return all
}

// lineByLine has the faults that are also tested without pipelining.
var lineByLine = map[string]bool{"says 450": true, "says 550": true, "says 421": true, "hangs": true, "hangs up": true}

// faults returns the faults at a point where a working relay replies with good.
func faults(good string) map[string]smtptest.Act {
	long := " " + strings.Repeat("blah ", 2048)
	return map[string]smtptest.Act{
		// The worst replies: they could suppress the address.
		"says 421":                     {Reply: "421 4.3.2 Shutting down"},
		"says 450":                     {Reply: "450 4.2.1 Mailbox busy"},
		"says 452":                     {Reply: "452 4.2.2 Mailbox full"},
		"says 550":                     {Reply: "550 5.1.1 User unknown"},
		"says 552":                     {Reply: "552 5.2.2 Mailbox full"},
		"says 554":                     {Reply: "554 5.7.1 Rejected as spam"},
		"hangs up with 421":            {Reply: "421 4.3.2 Shutting down", Drop: true},
		"hangs up with 550":            {Reply: "550 5.1.1 User unknown", Drop: true},
		"hangs":                        {NoReply: true, Hang: true},
		"hangs up":                     {NoReply: true, Drop: true},
		"says half a code":             {Raw: good[:2], Drop: true},
		"says half a line, and hangs":  {Raw: good[:7], Hang: true},
		"says half a reply":            {Raw: good[:3] + "-and more\r\n", Drop: true},
		"says garbage":                 {Reply: "Who is there?"},
		"says too much":                {Reply: good + "\n" + good},
		"is slow":                      {Wait: replyTimeout / 2},
		"is much too slow":             {Wait: 20 * replyTimeout},
		"says a line of ten kilobytes": {Reply: good + long},
		"rejects with ten kilobytes":   {Reply: "550 5.1.1" + long},
	}
}

// TestChaos_NoRelayFailureLosesPosts makes a relay fail for an hour in each known way. Once it works again
// and the next edition was sent, every member has every post once, and no address is suppressed.
func TestChaos_NoRelayFailureLosesPosts(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	all := faultPatterns()
	names := slices.Sorted(maps.Keys(all))
	const worlds = 4
	for n := range worlds {
		t.Run(fmt.Sprintf("world %d", n+1), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newChaos(t, "smtp://127.0.0.1:25", "")
				for i := n; i < len(names); i += worlds {
					c.runWithFaults(names[i], all[names[i]])
				}
				c.runQuietDay()
			})
		})
	}
}

// TestChaos_UntrustedRelayLosesNoPosts does the same with relays whose encryption or login fails.
func TestChaos_UntrustedRelayLosesNoPosts(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	for address := range untrustedRelays(nil, nil) {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, others := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
				c := newChaos(t, address, ours.File)
				c.mustNotSend = true
				for name, s := range untrustedRelays(ours.Config, others.Config)[address] {
					c.runWithFaults(name, s)
				}
				c.runQuietDay()
			})
		})
	}
}

// untrustedRelays returns relays whose encryption or login fails, by their URL in the configuration.
func untrustedRelays(ours, others *tls.Config) map[string]map[string]faultPattern {
	offers := func(extension string, at string, act smtptest.Act) smtptest.Table {
		return smtptest.Table{"EHLO": {{Reply: "250-script.test\n250 " + extension}}, at: {act}}
	}
	startTLS := func(act smtptest.Act) faultPattern {
		return faultPattern{offers("STARTTLS", "STARTTLS", act), offers("STARTTLS", "STARTTLS", smtptest.Act{TLS: ours})}
	}
	encrypted := func(act smtptest.Act) faultPattern {
		return faultPattern{smtptest.Table{"connect": {act}}, smtptest.Table{"connect": {{TLS: ours}}}}
	}
	auth := func(act smtptest.Act) faultPattern {
		return faultPattern{offers("AUTH PLAIN", "AUTH", act), offers("AUTH PLAIN", "AUTH", smtptest.Act{})}
	}
	return map[string]map[string]faultPattern{
		"smtp+starttls://127.0.0.1:25": {
			"STARTTLS stripped": {nil, startTLS(smtptest.Act{}).healthy},
			"STARTTLS rejected": startTLS(smtptest.Act{Reply: "454 4.7.0 Not now"}),
			"STARTTLS hangs":    startTLS(smtptest.Act{NoReply: true, Hang: true}),
			"STARTTLS with a certificate of another authority": startTLS(smtptest.Act{TLS: others}),
		},
		"smtps://127.0.0.1:465": {
			"a certificate of another authority": encrypted(smtptest.Act{TLS: others}),
			"no encryption":                      encrypted(smtptest.Act{}),
		},
		"smtp://user@127.0.0.1:25": {
			"no AUTH":                   {nil, auth(smtptest.Act{}).healthy},
			"AUTH rejected":             auth(smtptest.Act{Reply: "535 5.7.8 Wrong password"}),
			"AUTH temporarily rejected": auth(smtptest.Act{Reply: "454 4.7.0 Not now"}),
			"AUTH hangs":                auth(smtptest.Act{NoReply: true, Hang: true}),
			"AUTH hangs up":             auth(smtptest.Act{NoReply: true, Drop: true}),
			"AUTH says garbage":         auth(smtptest.Act{Reply: "Who is there?"}),
		},
	}
}
