package daemon

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"postrider/forum"
)

// truthEvents returns the events of histories that explanations and forecasts are checked with, and their weights. Most are those of
// the model.
func truthEvents() map[string]truthEvent {
	all := map[string]truthEvent{
		"ask":   {5, func(q *truth, _, _, _ int) { q.ask() }},
		"round": {22, func(q *truth, _, _, _ int) { q.round() }},
		"relay": {4, func(q *truth, a, b, _ int) {
			for range 1 + b%4 {
				q.sim.replies = append(q.sim.replies, pick(a, []string{"later", "reject", "reject", "unreachable"}))
			}
		}},
		"outage": {3, func(q *truth, a, b, c int) { q.outage(a, b, c) }},
		"split": {4, func(q *truth, a, b, _ int) {
			if len(q.sim.posts) > 0 {
				q.sim.execSQL(`UPDATE post SET thread_id = ? WHERE id = ?`, pick(b, q.sim.threads).id, pick(a, q.sim.posts).id)
			}
		}},
		"opt_out": {2, func(q *truth, a, b, _ int) {
			q.sim.execSQL(`UPDATE member SET wants_mail = ? WHERE id = ?`, b%2, pick(a, q.sim.members).id)
		}},
		"bounce": {2, func(q *truth, a, _, _ int) { q.sim.suppress(pick(a, q.sim.members).name) }},
		"unbounce": {2, func(q *truth, a, _, _ int) {
			if _, err := q.sim.store.Suppressions.Remove(q.sim.Context(), []string{address(pick(a, q.sim.members).name)}); err != nil {
				q.sim.Fatal(err)
			}
		}},
		"stop_delivery": {1, func(q *truth, _, _, _ int) {
			if _, err := q.sim.store.Queue.Pause(q.sim.Context(), q.sim.clock(), "holidays"); err != nil {
				q.sim.Fatal(err)
			}
		}},
		"start_delivery": {2, func(q *truth, _, _, _ int) { q.startDelivery() }},
	}
	for _, name := range []string{
		"wait", "reply", "thread", "moderated", "hide", "show", "edit", "delete", "restore", "move", "visit", "watch", "unwatch", "follow", "unfollow",
		"ignore", "unignore", "ban", "unban", "override", "mode", "cadence", "quiet", "pause", "send_now",
	} {
		x := events[name]
		all[name] = truthEvent{x.weight, func(q *truth, a, b, c int) { x.apply(q.sim, a, b, c) }}
	}
	return all
}

// outage lets hours pass without a daemon, while members post.
func (q *truth) outage(a, b, c int) {
	for i := range 1 + a%7 {
		events[pick(a+i, []string{"reply", "thread", "reply"})].apply(q.sim, a+7*i, b+11*i, c+13*i)
		time.Sleep(time.Duration(1+(b+i)%200) * time.Minute)
	}
	q.round()
}

type truthEvent struct {
	weight int
	apply  func(q *truth, a, b, c int)
}

func (q *truth) startDelivery() {
	if _, err := q.sim.store.Queue.Resume(q.sim.Context()); err != nil {
		q.sim.Fatal(err)
	}
}

// generateTruthHistory returns a random history that ends with a question.
func generateTruthHistory(seed uint64, length int) history {
	all := truthEvents()
	r := rand.New(rand.NewPCG(seed, 5))
	var bag []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for range all[name].weight {
			bag = append(bag, name)
		}
	}
	list := make(history, length, length+1)
	for i := range list {
		list[i] = event{bag[r.IntN(len(bag))], r.IntN(1000), r.IntN(1000), r.IntN(1000)}
	}
	return append(list, event{name: "ask"})
}

// round runs a round, and records what the relay accepted.
func (q *truth) round() {
	if _, err := q.daemon.RunOnce(q.sim.Context()); err != nil {
		q.sim.Fatalf("%s: a round failed: %v", q.sim.timestamp(), err)
	}
	q.record()
}

// record records the messages that the relay accepted, by the keys in the outbox.
func (q *truth) record() {
	sent := q.sim.unread
	q.sim.unread = nil
	for _, message := range sent {
		i := slices.IndexFunc(q.sim.members, func(p *modelMember) bool { return address(p.name) == message.to })
		head, text, _ := parseMessage(q.sim, message.raw)
		member := q.sim.members[i].id
		for _, m := range q.messages(member) {
			if q.daemon.Composer.MessageID(m.Key) == head.Get("Message-Id") {
				for _, post := range postNumbers(text) {
					q.got[memberPost{member, post}] = append(q.got[memberPost{member, post}], receipt{m.Key, q.sim.clock()})
				}
			}
		}
	}
}

// receipt records that a message brought a post.
type receipt struct {
	key string
	at  time.Time
}

// allPosts lists the posts of the history.
func (q *truth) allPosts() (ids []forum.PostID) {
	for _, p := range q.sim.posts {
		ids = append(ids, p.id)
	}
	return ids
}
