// Package envelope sets what messages have besides their content: list headers, and the links in their footers.
package envelope

import (
	"fmt"
	"strings"

	"postrider/daemon/settings"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// Digest returns the headers that all digests share, with the one-click unsubscribe URL of one member.
func Digest(set settings.Settings, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      store.KindDigest,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: store.KindDigest + "." + set.Host},
		Unsubscribe: httpsOnly(unsubscribe), UnsubscribeMail: addressOnly(unsubscribe), UnsubscribeMailOnly: addressOnly(unsubscribe) != "",
		// Gmail counts complaints by each of these. The last one identifies the sender and has 5 to 15 characters.
		FeedbackID: store.KindDigest + ":" + set.Host + ":postrider",
	}
}

// Alert returns the headers that all alerts share, with the one-click unsubscribe URL of one member.
func Alert(set settings.Settings, unsubscribe string) mail.Message {
	m := Digest(set, unsubscribe)
	m.Stream = store.KindAlert
	m.List.ID = "alerts." + set.Host
	m.FeedbackID = store.KindAlert + ":" + set.Host + ":postrider"
	return m
}

// Announcement returns the headers that all messages of an announcement share, with the one-click unsubscribe URL
// of one member.
func Announcement(set settings.Settings, id int64, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      mail.Announcement,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: "announce." + set.Host},
		Unsubscribe: httpsOnly(unsubscribe), UnsubscribeMail: addressOnly(unsubscribe), UnsubscribeMailOnly: addressOnly(unsubscribe) != "",
		// Gmail counts complaints by each of these.
		FeedbackID: fmt.Sprintf("%d:%s:%s:postrider", id, store.KindAnnouncement, set.Host),
	}
}

// httpsOnly returns a URL if it can be used for one-click unsubscribing, which requires https (RFC 8058, 3.1). A test site
// without https has only the link in the message body.
func httpsOnly(unsubscribe string) string {
	if !strings.HasPrefix(unsubscribe, "https://") {
		return ""
	}
	return unsubscribe
}

// addressOnly returns the address of a mailto URL, the only way to unsubscribe of messages without links to our pages.
func addressOnly(unsubscribe string) string {
	address, found := strings.CutPrefix(unsubscribe, link.MailTo)
	if !found {
		return ""
	}
	return address
}

// AddUnsubscribeMail adds the address that unsubscribes by email from the same thing as the one-click link. There is none if
// domain is empty: then there is no inbound email.
func AddUnsubscribeMail(m *mail.Message, links *link.Signer, domain string) {
	grant, err := links.Check(m.Unsubscribe[strings.LastIndexByte(m.Unsubscribe, '/')+1:])
	if m.UnsubscribeMail == "" && domain != "" && err == nil {
		m.UnsubscribeMail = links.Address(grant, domain)
	}
}
