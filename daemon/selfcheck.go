package daemon

import (
	"context"

	"postrider/alarm"
)

// ensureForumHealthy repeats the self-check before a batch is built, at intervals and after a failed round. If it fails, the
// batch stays in the queue without counting an attempt, and an alarm is active until the self-check passes.
func (d *Daemon) ensureForumHealthy(ctx context.Context) error {
	fresh, err := d.selfCheck.Check(ctx, d.Forum)
	if fresh {
		d.setAlarm(alarm.SelfCheck, err)
	}
	return err
}
