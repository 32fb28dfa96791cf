// Package settings holds the parts of the configuration that the daemon uses: their keys, defaults and limits.
package settings

import (
	"cmp"
	netmail "net/mail"
	"time"

	"postrider/alarm"
)

// Settings are the parts of the configuration that a daemon uses.
type Settings struct {
	Digest   Digest
	Alerts   Alerts
	Notify   Notify
	Scan     Scan
	Delivery Delivery
	Alarms   alarm.Config
	Announce Announcements
	Site     string // the forum's name
	URL      string // the forum's address
	Host     string // the forum's host, for List-Id
	From     netmail.Address
	ReplyTo  netmail.Address // empty: none
	// AnnounceFrom and AnnounceReplyTo are those of announcements; empty: From and ReplyTo. Use AnnouncementSender.
	AnnounceFrom    netmail.Address
	AnnounceReplyTo netmail.Address
	Connections     int // messages in flight at a time
	// AnnounceConnections is the same for the relay of announcements; 0: they have none of their own.
	AnnounceConnections int
	Lease               time.Duration
	// AwaitSlot makes the first digests of a new store wait for each member's next slot. Otherwise a slot within
	// Digest.FirstWindow is due immediately.
	AwaitSlot bool
	Owner     string // identifies this daemon among those that share a store
	Bounces   string // domain of the return paths for bounces; empty: bounces go to From
}

// TwoRelays reports whether announcements have a relay of their own.
func (s Settings) TwoRelays() bool { return s.AnnounceConnections > 0 }

// AnnouncementSender returns From and Reply-To of announcements.
func (s Settings) AnnouncementSender() (from, replyTo netmail.Address) {
	return cmp.Or(s.AnnounceFrom, s.From), cmp.Or(s.AnnounceReplyTo, s.ReplyTo)
}
