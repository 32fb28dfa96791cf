package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// conversation is one thread in the alerts of one member.
type conversation struct {
	member forum.MemberID
	thread forum.ThreadID
}

// mergeWaitingAlerts finds the alerts that wait for further posts of the same threads, for new threads of the same sections, or for
// the end of quiet hours, and extends them. It returns their keys by the indexes of the alerts that join them, without those that
// were claimed in the meantime.
func (s Alerts) mergeWaitingAlerts(ctx context.Context, tx *sqlx.Tx, list []Alert) (map[int]string, error) {
	rowsOf := make([]alertRow, len(list))
	for i, a := range list {
		rowsOf[i] = a.row()
		rowsOf[i].Index = i
	}
	text, err := marshalRows(rowsOf)
	if err != nil {
		return nil, err
	}
	into := make(map[int]string)
	waiting := make(map[string]alertRow) // the extended alerts, by key
	var wider []alertRow
	err = s.query(ctx, tx, "open_alerts", args{"rows": text}, func(scan scanFunc) error {
		var i int
		var key string
		var held bool
		var settles int64
		if err := scan(&i, &key, &held, &settles); err != nil {
			return err
		}
		if _, found := into[i]; found {
			return nil // a held alert is listed first
		}
		into[i] = key
		row, more := rowsOf[i], waiting[key]
		wider = append(wider, alertRow{Key: key, Thread: row.Thread})
		row.Key, row.NotBefore = key, min(row.NotBefore, settles)
		row.Until, row.NotBefore = max(row.Until, more.Until), max(row.NotBefore, more.NotBefore)
		waiting[key] = row
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	extended, err := s.extend(ctx, tx, waiting)
	if err != nil {
		return nil, err
	}
	for i, key := range into {
		if !extended[key] {
			delete(into, i)
		}
	}
	err = execRows(ctx, s.database, tx, "clear_alert_threads", wider)
	return into, err
}

func (s Alerts) extend(ctx context.Context, tx *sqlx.Tx, waiting map[string]alertRow) (map[string]bool, error) {
	list := make([]alertRow, 0, len(waiting))
	for _, r := range waiting {
		list = append(list, r)
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	extended := make(map[string]bool, len(list))
	err = s.query(ctx, tx, "extend_alerts", args{"rows": text}, func(scan scanFunc) error {
		var key string
		err := scan(&key)
		extended[key] = true
		return err
	})
	return extended, err
}
