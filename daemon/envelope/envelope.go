// Package envelope sets what messages have besides their content: list headers, and the links in their footers.
package envelope

import (
	"cmp"
	"fmt"
	"strings"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/internal/line"
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
		Reason:      store.KindDigest,
		Unsubscribe: httpsOnly(unsubscribe), UnsubscribeMail: addressOnly(unsubscribe), UnsubscribeMailOnly: addressOnly(unsubscribe) != "",
		// Gmail counts complaints by each of these. The last one identifies the sender and has 5 to 15 characters.
		FeedbackID: store.KindDigest + ":" + set.Host + ":postrider",
	}
}

// Alert returns the headers of an alert, with its one-click unsubscribe URL.
func Alert(set settings.Settings, a *digest.Alert, unsubscribe string) mail.Message {
	m := Digest(set, unsubscribe)
	m.Stream = store.KindAlert
	m.Reason = string(a.Cause())
	m.List = alertList(set, a)
	if name := a.SoleAuthor(); set.Alerts.FromAuthor && name != "" {
		m.From.Name = senderName(name, set)
	}
	m.FeedbackID = store.KindAlert + ":" + set.Host + ":postrider"
	return m
}

// alertList names the section of an alert, so that filters can tell sections apart. An alert about several has the site's list.
func alertList(set settings.Settings, a *digest.Alert) mail.List {
	l := mail.List{Name: set.Site, ID: "alerts." + set.Host}
	if len(a.Groups) == 1 {
		section := a.Groups[0].Section
		l.Name = line.Fit(section.Title, maxSenderName) + " (" + set.Site + ")"
		l.ID = fmt.Sprintf("section-%d.%s", section.ID, l.ID)
	}
	return l
}

// maxSenderName is how much of a member's or section's name a header shows, in characters. It leaves room for the site's name
// behind it, which must never be cut off: without it, a member named like a bank would look like that bank.
const maxSenderName = 60

// senderName returns the display name of an alert that is about posts of one author: "Miles O'Brien (Defence Talk)". A name that looks
// like an address gets no place there. Mail programs warn of an address in the name that is not the sender's.
func senderName(author string, set settings.Settings) string {
	site := cmp.Or(set.From.Name, set.Site)
	if author = line.Fit(author, maxSenderName); line.IsBlank(author) || strings.ContainsRune(author, '@') {
		return site
	}
	return author + " (" + site + ")"
}

// Announcement returns the headers that all messages of an announcement share, with the one-click unsubscribe URL
// of one member.
func Announcement(set settings.Settings, id int64, unsubscribe string) mail.Message {
	from, replyTo := set.AnnouncementSender()
	return mail.Message{
		Stream:      mail.Announcement,
		From:        from,
		ReplyTo:     replyTo,
		List:        mail.List{Name: set.Site, ID: "announce." + set.Host},
		Unsubscribe: httpsOnly(unsubscribe), UnsubscribeMail: addressOnly(unsubscribe), UnsubscribeMailOnly: addressOnly(unsubscribe) != "",
		// Gmail counts complaints by each of these.
		Reason:     store.KindAnnouncement,
		FeedbackID: fmt.Sprintf("%d:%s:%s:postrider", id, store.KindAnnouncement, set.Host),
	}
}

// Confirmation returns the headers that all confirmations of subscriptions share. They belong to no list, because nobody is subscribed yet.
func Confirmation(set settings.Settings) mail.Message {
	return mail.Message{
		Stream:     store.KindConfirmation,
		From:       set.From,
		ReplyTo:    set.ReplyTo,
		FeedbackID: store.KindConfirmation + ":" + set.Host + ":postrider",
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
