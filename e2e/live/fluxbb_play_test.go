//go:build live

package live

import "fmt"

func (f *fluxbbForum) play() {
	f.Helper()
	var topic int64
	f.act("bert subscribes to a forum", func() {
		f.browser("bert").open(fmt.Sprintf("/viewforum.php?id=%d", f.ids["talk"])).click("action=subscribe")
	})
	f.act("anna starts a topic", func() { topic, _ = f.topic("anna", "talk", "Gloves", "Has anybody seen my other glove?") })
	f.act("anna subscribes to it", func() { f.browser("anna").open(fmt.Sprintf("/viewtopic.php?id=%d", topic)).click("action=subscribe") })
	f.act("carl replies", func() { f.reply("carl", topic, "It is on the bench.") })
}
