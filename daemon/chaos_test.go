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

// stages are the points at which a relay can go wrong, and what a good one says there.
var stages = map[string]string{
	"connect": "220 script.test ESMTP",
	"EHLO":    "250 script.test",
	"MAIL":    "250 2.1.0 Ok",
	"RCPT":    "250 2.1.5 Ok",
	"DATA":    "354 Go on",
	".":       "250 2.0.0 Ok",
}

// storm is a relay that misbehaves, and then does not.
type storm struct {
	bad, calm smtptest.Table
}

// faultPatterns are the ways in which a relay misbehaves, by their names.
func faultPatterns() map[string]storm {
	all := map[string]storm{}
	for stage, good := range stages {
		for what, act := range faults(good) {
			all[stage+" "+what] = storm{bad: smtptest.Table{stage: {act}}}
		}
	}
	for _, read := range []int{0, 1, 100, 5000, smtptest.All} {
		all[fmt.Sprintf("cut after %d bytes of the message", read)] = storm{bad: smtptest.Table{"body": {{Read: read, Drop: true}}}}
		all[fmt.Sprintf("stuck after %d bytes of the message", read)] = storm{bad: smtptest.Table{"body": {{Read: read, Hang: true}}}}
	}
	unknown := []smtptest.Act{{Reply: "550 5.1.1 User unknown"}}
	stuck := []smtptest.Act{{NoReply: true, Hang: true}}
	for name, table := range map[string]smtptest.Table{
		"reads slowly": {"body": {{Wait: 8 * impatience}}},
		"recipient refused, message wanted, then nothing": {"RCPT": unknown, ".": stuck},
		"recipient refused, message wanted and taken":     {"RCPT": unknown, ".": {{}}},
		"recipient and message refused, then RSET hangs":  {"RCPT": unknown, "DATA": {{Reply: "503 5.5.1 No recipient"}}, "RSET": stuck},
		"every other one refused, and the farewell hangs": {".": {{}, {Reply: "421 4.7.0 Enough"}, {}}, "QUIT": stuck},
		"all kinds of trouble":                            {".": slices.Repeat([]smtptest.Act{{}, {Reply: "421 4.7.0 Enough", Drop: true}, {NoReply: true, Drop: true}}, 20)},
	} {
		all[name] = storm{bad: table}
	}
	// Without pipelining each command waits for its answer.
	plain := []smtptest.Act{{Reply: "250 script.test"}}
	for name, s := range maps.Clone(all) {
		stage, what, _ := strings.Cut(name, " ")
		if lineByLine[what] && (stage == "MAIL" || stage == "RCPT" || stage == "DATA") {
			all[name+", line by line"] = storm{bad: smtptest.Table{"EHLO": plain, stage: s.bad[stage]}, calm: smtptest.Table{"EHLO": plain}}
		}
	}
	return all
}

// lineByLine are the faults that are tried without pipelining, too.
var lineByLine = map[string]bool{"says 450": true, "says 550": true, "says 421": true, "hangs": true, "hangs up": true}

// faults are what can go wrong where good is what a good relay says.
func faults(good string) map[string]smtptest.Act {
	long := " " + strings.Repeat("blah ", 2048)
	return map[string]smtptest.Act{
		// The worst words: those that blame the member.
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
		"says half an answer":          {Raw: good[:3] + "-and more\r\n", Drop: true},
		"says nonsense":                {Reply: "Who is there?"},
		"says too much":                {Reply: good + "\n" + good},
		"is slow":                      {Wait: impatience / 2},
		"is far too slow":              {Wait: 20 * impatience},
		"says a line of ten kilobytes": {Reply: good + long},
		"refuses with ten kilobytes":   {Reply: "550 5.1.1" + long},
	}
}

// TestChaos_NoRelayFailureLosesPosts lets a relay misbehave for an hour in each way that we know. Once it is well again, and
// the next edition has come, every member has every post once, and nobody is written off.
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
				c.rest()
			})
		})
	}
}

// TestChaos_UntrustedRelayLosesNoPosts is the same with relays that we do not come to speak with.
func TestChaos_UntrustedRelayLosesNoPosts(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	for address := range untrustedRelays(nil, nil) {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, others := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
				c := newChaos(t, address, ours.File)
				c.distrusts = true
				for name, s := range untrustedRelays(ours.Config, others.Config)[address] {
					c.runWithFaults(name, s)
				}
				c.rest()
			})
		})
	}
}

// untrustedRelays are relays with whom encryption or login fails, by the addresses under which we look for them.
func untrustedRelays(ours, others *tls.Config) map[string]map[string]storm {
	offers := func(extension string, at string, act smtptest.Act) smtptest.Table {
		return smtptest.Table{"EHLO": {{Reply: "250-script.test\n250 " + extension}}, at: {act}}
	}
	startTLS := func(act smtptest.Act) storm {
		return storm{offers("STARTTLS", "STARTTLS", act), offers("STARTTLS", "STARTTLS", smtptest.Act{TLS: ours})}
	}
	encrypted := func(act smtptest.Act) storm {
		return storm{smtptest.Table{"connect": {act}}, smtptest.Table{"connect": {{TLS: ours}}}}
	}
	auth := func(act smtptest.Act) storm {
		return storm{offers("AUTH PLAIN", "AUTH", act), offers("AUTH PLAIN", "AUTH", smtptest.Act{})}
	}
	return map[string]map[string]storm{
		"smtp+starttls://127.0.0.1:25": {
			"STARTTLS stripped":                     {nil, startTLS(smtptest.Act{}).calm},
			"STARTTLS refused":                      startTLS(smtptest.Act{Reply: "454 4.7.0 Not now"}),
			"STARTTLS hangs":                        startTLS(smtptest.Act{NoReply: true, Hang: true}),
			"STARTTLS with a certificate of others": startTLS(smtptest.Act{TLS: others}),
		},
		"smtps://127.0.0.1:465": {
			"a certificate of others": encrypted(smtptest.Act{TLS: others}),
			"no encryption":           encrypted(smtptest.Act{}),
		},
		"smtp://user@127.0.0.1:25": {
			"no AUTH":              {nil, auth(smtptest.Act{}).calm},
			"AUTH refused":         auth(smtptest.Act{Reply: "535 5.7.8 Wrong password"}),
			"AUTH refused for now": auth(smtptest.Act{Reply: "454 4.7.0 Not now"}),
			"AUTH hangs":           auth(smtptest.Act{NoReply: true, Hang: true}),
			"AUTH hangs up":        auth(smtptest.Act{NoReply: true, Drop: true}),
			"AUTH says nonsense":   auth(smtptest.Act{Reply: "Who is there?"}),
		},
	}
}
