package doctor

import (
	"crypto/tls"
	"fmt"
	"time"

	"postrider/internal/finding"
)

// renewal is how long before its end a certificate should have been renewed.
const renewal = 14 * 24 * time.Hour

// TLSFinding judges how the line to the relay is protected: state is nil where it is not, and private tells that it does not leave
// this machine or its own network.
func TLSFinding(state *tls.ConnectionState, private bool, now time.Time) finding.Finding {
	f := finding.Finding{Part: "smtp tls", Level: finding.LevelOK}
	switch {
	case state == nil && private:
		f.Text = "none, and the line does not leave this network"
		return f
	case state == nil:
		f.Level, f.Text = finding.LevelWarn, "none: whoever sits between here and the relay reads the mails"
		f.Fix = "use smtp+starttls:// or smtps:// in smtp.url"
		return f
	}
	f.Text = tls.VersionName(state.Version)
	if len(state.PeerCertificates) == 0 {
		return f
	}
	end := state.PeerCertificates[0].NotAfter
	left := end.Sub(now)
	f.Text += fmt.Sprintf(", the certificate ends %s (in %d days)", end.UTC().Format(time.DateOnly), int(left.Hours()/24))
	if left < renewal {
		f.Level, f.Fix = finding.LevelWarn, "renew the relay's certificate: when it has ended, no mail leaves any more"
	}
	return f
}
