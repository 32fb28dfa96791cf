package admin

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"postrider/internal/ratelimit"
	"postrider/web"
)

// Password attempts that one address has, that a browser has which was logged in before, and that all addresses have together.
const (
	loginsPerSecond       = rate.Limit(1.0 / 60)
	loginBurst            = 5
	globalLoginsPerSecond = rate.Limit(1.0 / 5)
	globalLoginBurst      = 20
	// maxAddresses is the number of addresses and browsers remembered.
	maxAddresses = 1 << 14
)

// Attempts beyond those of all addresses are slow: one in each slowLoginPace, whoever has tried least first. So many addresses
// do not help an attacker much, and they cannot keep administrators out.
const (
	slowLoginPace    = 500 * time.Millisecond
	slowLoginTimeout = 15 * time.Second // for one attempt, below the time for a request
	maxSlowLogins    = 256              // waiting
)

// admission says whether a password attempt is within the limits.
type admission int

const (
	tooMany  admission = iota // do not check the password
	admitted                  // check it
	slow                      // check it, but a wrong password is answered like tooMany
)

// loginLimits limits password attempts.
type loginLimits struct {
	perAddress ratelimit.PerAddress
	perDevice  ratelimit.Rates[string]
	global     *rate.Limiter
	slow       *slowLane
}

func newLoginLimits() loginLimits {
	return loginLimits{
		perAddress: ratelimit.NewPerAddress(loginsPerSecond, loginBurst, maxAddresses),
		perDevice:  ratelimit.NewRates[string](loginsPerSecond, loginBurst, maxAddresses),
		global:     rate.NewLimiter(globalLoginsPerSecond, globalLoginBurst),
		slow:       newSlowLane(slowLoginPace, maxSlowLogins),
	}
}

// admit counts an attempt. A browser that was logged in before has its own attempts, whatever happens at its address and
// elsewhere. The caller must call leave after the check.
func (l loginLimits) admit(r *http.Request, device string, now time.Time) (a admission, leave func()) {
	nothing := func() {}
	if device != "" && l.perDevice.Limiter(device).AllowN(now, 1) {
		return admitted, nothing
	}
	address := l.perAddress.Limiter(web.RequestInfoOf(r).ClientAddr)
	if !address.AllowN(now, 1) {
		return tooMany, nothing
	}
	if l.global.AllowN(now, 1) {
		return admitted, nothing
	}
	ctx, cancel := context.WithTimeout(r.Context(), slowLoginTimeout)
	defer cancel()
	tried := loginBurst - int(address.TokensAt(now))
	if !l.slow.enter(ctx, tried) {
		return tooMany, nothing
	}
	return slow, l.slow.leave
}
