package doctor

import (
	"crypto/tls"
	"fmt"
	"time"

	"postrider/internal/finding"
)

// renewBefore is how long before its expiry a certificate should have been renewed.
const renewBefore = 14 * 24 * time.Hour

// TLSFinding checks the encryption of the connection to the relay of a table of the configuration. state is nil if it is not encrypted; private means that
// it does not leave this machine or its local network.
func TLSFinding(table string, state *tls.ConnectionState, private bool, now time.Time) finding.Finding {
	f := finding.Finding{Part: table + " tls", Level: finding.LevelOK}
	switch {
	case state == nil && private:
		f.Text = "none, but the connection does not leave this network"
		return f
	case state == nil:
		f.Level, f.Text = finding.LevelWarn, "none: anyone between here and the relay can read the messages"
		f.Fix = "use smtp+starttls:// or smtps:// in " + table + ".url"
		return f
	}
	f.Text = tls.VersionName(state.Version)
	if len(state.PeerCertificates) == 0 {
		return f
	}
	end := state.PeerCertificates[0].NotAfter
	left := end.Sub(now)
	f.Text += fmt.Sprintf(", certificate expires %s (in %d days)", end.UTC().Format(time.DateOnly), int(left.Hours()/24))
	if left < renewBefore {
		f.Level, f.Fix = finding.LevelWarn, "renew the relay's certificate: once it expires, nothing can be sent"
	}
	return f
}
