package envelope

import (
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// DigestFooter returns a member's links in the footer of digests.
func DigestFooter(links *link.Signer, member forum.MemberID) templates.Footer {
	return templates.Footer{
		Settings:    links.URL(link.Claims{Scope: link.Settings, Member: int64(member)}),
		Unsubscribe: links.URL(link.Claims{Scope: link.Digests, Member: int64(member)}),
		Mute:        muteLinks(links, member),
	}
}

// muteLinks returns the links that mute a thread for a member.
func muteLinks(links *link.Signer, member forum.MemberID) func(forum.ThreadID) string {
	return func(thread forum.ThreadID) string {
		return links.URL(link.Claims{Scope: link.Thread, Member: int64(member), Object: int64(thread)})
	}
}

// AlertFooter returns the unsubscribe links of an alert: for its section if that is watched, else for its thread; for all alerts; and for
// each of its threads.
func AlertFooter(links *link.Signer, a *digest.Alert) templates.Footer {
	member := int64(a.Member.ID)
	all := links.URL(link.Claims{Scope: link.Alerts, Member: member})
	f := templates.Footer{Settings: links.URL(link.Claims{Scope: link.Settings, Member: member}), Unsubscribe: all, All: all, Mute: muteLinks(links, a.Member.ID)}
	if a.MultiThread() && !a.SectionOnly() {
		return f
	}
	g := a.Groups[0]
	f.Unsubscribe = f.Mute(g.Threads[0].ID)
	if a.Cause() == digest.SectionWatched {
		f.Unsubscribe = links.URL(link.Claims{Scope: link.Section, Member: member, Object: int64(g.Section.ID)})
	}
	return f
}

// OneClick returns the one-click unsubscribe URL of an alert, given its footer. An alert because of a quote or mention ends that kind, and
// one with several threads ends the kind that all its posts have in common.
func OneClick(links *link.Signer, a *digest.Alert, f templates.Footer) string {
	kind, common := a.Kind()
	if !common || !a.Cause().IsDirect() && (!a.MultiThread() || a.SectionOnly()) {
		return f.Unsubscribe
	}
	return links.URL(link.Claims{Scope: KindScope(kind), Member: int64(a.Member.ID)})
}

// KindScope returns the scope that unsubscribes from posts of a kind.
func KindScope(kind digest.PostKind) link.Scope {
	return map[digest.PostKind]link.Scope{
		digest.Replies: link.Replies, digest.NewThreads: link.NewThreads, digest.Quotes: link.Quotes, digest.Mentions: link.Mentions,
	}[kind]
}

// AnnouncementFooter returns a member's links in the footer of announcements.
func AnnouncementFooter(links *link.Signer, member forum.MemberID) templates.Footer {
	return templates.Footer{
		Settings:    links.URL(link.Claims{Scope: link.Settings, Member: int64(member)}),
		Unsubscribe: links.URL(link.Claims{Scope: link.Announcements, Member: int64(member)}),
	}
}

// WithViewLink adds the "view in browser" link to a footer.
func WithViewLink(f templates.Footer, links *link.Signer, member forum.MemberID, key string) templates.Footer {
	f.View = links.URL(link.Claims{Scope: link.View, Member: int64(member), Object: link.Mail(key)})
	return f
}
