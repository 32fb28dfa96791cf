package e2e

import (
	"fmt"
	"slices"
	"time"

	"postrider/daemon"
	"postrider/daemon/explain"
	"postrider/forum"
	"postrider/store"
)

// readerPost is a member and a post.
type readerPost struct{ member, post int64 }

// checkArrived checks the messages that arrived in the last round: nobody may get what they may not read now.
func (l *life) checkArrived() {
	l.Helper()
	all := l.relay.messages()
	for _, d := range all[l.checked:] {
		member, known := l.forumModel.owner[d.to]
		if !known {
			l.fault("a message went to %s, which is no member's address", d.to)
			continue
		}
		m := l.forumModel.byID[member]
		if d.to != m.address {
			l.fault("member %d got a message to %s, but their address is %s", member, d.to, m.address)
		}
		for _, post := range d.posts {
			p := l.forumModel.post[post]
			if l.isQuoted(d, post) {
				continue // the link is part of the post that quotes it, as on the forum
			}
			if p == nil {
				l.fault("member %d got post %d, which is older than the test", member, post)
			} else if !l.forumModel.mayRead(m, p) {
				l.fault("member %d got post %d, which they may not read (member %+v, post %+v, thread %+v)", member, post, *m, *p, *l.forumModel.thread[p.thread])
			}
		}
		l.record(member, d)
	}
	l.checked = len(all)
}

// record records the posts that a message brought. A quoted post is not one of them.
func (l *life) record(member int64, d delivered) {
	if l.ids[d.id]++; l.ids[d.id] > 1 {
		l.copies++
	}
	for _, post := range d.posts {
		key := readerPost{member, post}
		if !l.isQuoted(d, post) {
			if l.ids[d.id] > 1 && !slices.Contains(l.shown[key], d.id) && !l.wasCounted(member, post, d.id) {
				l.fault("member %d got post %d in a second copy of %s, but not in the first", member, post, d.id)
			}
			if had := l.got[key]; had != "" && had != d.id {
				l.fault("member %d got post %d twice: in %s and %s", member, post, had, d.id)
			}
			l.got[key] = d.id
		}
		l.shown[key] = append(l.shown[key], d.id)
	}
}

// wasCounted reports whether an earlier copy of a message had a post, although it had no room to show it. Only the ledger says so.
func (l *life) wasCounted(member, post int64, id string) bool {
	all, err := l.store.Outbox.Copies(l.Context(), forum.MemberID(member), l.began)
	if err != nil {
		return true // the store is down
	}
	for key, copies := range all {
		if l.composer.MessageID(key) == id && len(copies) > 1 {
			counted := store.SentPost{Post: forum.PostID(post), Folded: true}
			return slices.ContainsFunc(copies[:len(copies)-1], func(c []store.SentPost) bool {
				return slices.Contains(c, counted) || slices.Contains(c, store.SentPost{Post: counted.Post})
			})
		}
	}
	return false
}

// isQuoted reports whether another post of a message quotes a post.
func (l *life) isQuoted(d delivered, post int64) bool {
	return slices.ContainsFunc(d.posts, func(other int64) bool {
		p := l.forumModel.post[other]
		return p != nil && p.quotes == post
	})
}

// checkExplanations compares the explanation of each post for each member with what arrived.
func (l *life) checkExplanations() {
	l.Helper()
	var posts []forum.PostID
	for _, p := range l.forumModel.posts {
		posts = append(posts, forum.PostID(p.id))
	}
	explainer := daemon.NewExplainer(l.deps, l.settings)
	for _, m := range l.forumModel.members {
		_, list, err := explainer.Posts(l.Context(), l.clock(), fmt.Sprint(m.id), posts)
		if err != nil {
			l.Fatal(err)
		}
		for _, x := range list {
			l.checkExplanation(m, l.forumModel.post[int64(x.Post)], x)
		}
	}
}

func (l *life) checkExplanation(m *lifeMember, p *lifePost, x explain.Post) {
	key := readerPost{m.id, p.id}
	l.verdicts[string(x.Verdict)+": "+x.Reason.Key]++
	switch sent := x.Verdict == explain.Sent; {
	case x.Verdict == explain.Unclear && !slices.ContainsFunc(x.Messages, func(o store.Message) bool { return o.Key == x.Mail && o.UncertainCount > 0 }):
		l.fault("post %d is explained as uncertain for member %d in %s, but that message never was", p.id, m.id, x.Mail)
	case sent && l.ids[l.composer.MessageID(x.Mail)] == 0:
		l.fault("post %d is explained as sent to member %d in %s, but the relay has no such message", p.id, m.id, x.Mail)
	case sent && !x.Folded && !slices.Contains(l.shown[key], l.composer.MessageID(x.Mail)):
		l.fault("post %d is explained as sent to member %d in %s, but that message does not have it", p.id, m.id, x.Mail)
	case !sent && l.got[key] != "" && !(x.Verdict == explain.Unclear && l.got[key] == l.composer.MessageID(x.Mail)):
		l.fault("member %d got post %d in %s, but it is explained as %s: %s", m.id, p.id, l.got[key], x.Verdict, x.Reason.Key)
	case !sent && x.Reason.Key == "":
		l.fault("post %d is %s for member %d without a reason", p.id, x.Verdict, m.id)
	case !sent && l.mustHave(m, p):
		l.fault("member %d must have post %d, but it is explained as %s: %s (written %s)", m.id, p.id, x.Verdict, x.Reason.Key, p.written.Format(time.TimeOnly))
	}
}

// mustHave reports whether a member must have got a post by the end of the test: they watched it all the time, and nothing happened
// to them or to the post that could be a reason to leave it out.
func (l *life) mustHave(m *lifeMember, p *lifePost) bool {
	t := l.forumModel.thread[p.thread]
	if m.disturbed != "" || p.wasHidden || t.moved || p.author == m.id || slices.Contains(m.ignores, p.author) || !l.forumModel.mayRead(m, p) {
		return false
	}
	since, watched := m.sections[t.section]
	if by, yes := m.threads[t.id]; yes && (!watched || by.Before(since)) {
		since, watched = by, true
	}
	return watched && !since.After(p.written) && p.written.After(l.began)
}

// checkLedger checks that all messages are settled, and that the counters are those of the relay.
func (l *life) checkLedger() {
	l.Helper()
	if n := l.postgres.QueryInt("SELECT count(*) FROM outbox WHERE state = 'leased'"); n > 0 {
		l.fault("%d messages are still leased", n)
	}
	if n := l.postgres.QueryInt("SELECT count(*) FROM outbox WHERE settled_at IS NULL"); n > 0 {
		l.fault("%d messages are not settled", n)
	}
	settled := map[string]store.Message{} // by Message-ID
	list := mustLife(l.store.Queue.List(l.Context(), store.QueueFilter{States: store.MessageStates, Limit: 1 << 20}))(l.lifeWorld)
	for _, m := range list {
		id := l.composer.MessageID(m.Key)
		if settled[id] = m; m.State == store.StateAccepted && l.ids[id] == 0 {
			l.fault("%s is accepted in the ledger, but the relay does not have it", m.Key)
		}
	}
	for id := range l.ids {
		if m := settled[id]; m.State != store.StateAccepted && (m.State != store.StateUncertain || m.UncertainCount == 0) {
			l.fault("the relay has %s of member %d, but the ledger says %q", m.Key, m.Member, m.State)
		}
	}
}
