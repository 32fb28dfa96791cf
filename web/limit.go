package web

const (
	// perSecond and burst limit the requests of one address. A mailbox provider sends the one-click requests of all its users from
	// a few addresses, so the limit is generous.
	perSecond = 20
	burst     = 200
	// forgedCost is how many requests a forged token counts for.
	forgedCost = 20
	// maxAddresses is the number of addresses remembered.
	maxAddresses = 1 << 14
)
