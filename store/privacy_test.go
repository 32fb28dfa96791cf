package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func readPrivacyPage(t *testing.T) string {
	t.Helper()
	return string(must(os.ReadFile("../docs/privacy.md"))(t))
}

// documentedTables are the tables that the page on privacy names.
func documentedTables(t *testing.T) (names []string) {
	t.Helper()
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(readPrivacyPage(t), -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			names = append(names, strings.Trim(name, "`"))
		}
	}
	slices.Sort(names)
	return names
}

func TestPrivacyPage_NamesEveryTable(t *testing.T) {
	t.Parallel()
	dsn := sqliteDSN(t)
	open(t, dsn)
	rows := must(openRaw(t, dsn).Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))(t)
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		check(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	equal(t, "tables on the page", documentedTables(t), tables)
}

func TestPrivacyPage_StatementsEraseMember(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s, db := open(t, dsn), openRaw(t, dsn)
		saveTraces(t, s, 42424242, "anna@example.org")
		saveTraces(t, s, 43434343, "bert@example.org")
		before := dumpTables(t, db)
		for _, table := range []string{"member", "preference", "wish", "outbox", "outcome", "alert", "notice", "brought", "owed", "refusal", "health", "audit", "consent"} {
			if !strings.Contains(before[table], "42424242") {
				t.Errorf("the test leaves no traces in %s: %q", table, before[table])
			}
		}
		_, block, _ := strings.Cut(readPrivacyPage(t), "```sql\n")
		block, _, _ = strings.Cut(block, "```")
		must(db.Exec(regexp.MustCompile(`\b42\b`).ReplaceAllString(block, "42424242")))(t)
		others := 0
		for table, rows := range dumpTables(t, db) {
			if strings.Contains(rows, "42424242") || strings.Contains(rows, "anna@") {
				t.Errorf("in %s there is still %q", table, rows)
			}
			others += strings.Count(rows, "43434343")
		}
		was := 0
		for _, rows := range before {
			was += strings.Count(rows, "43434343")
		}
		equal(t, "traces of another member", others, was)
	})
}

// saveTraces saves data of a member in every table that can contain some.
func saveTraces(t *testing.T, s *store.Store, member forum.MemberID, address string) {
	t.Helper()
	ctx := t.Context()
	check(t, s.Subscribers.Save(ctx, now, []store.Subscriber{{ID: member, Zone: "UTC", Due: now}}))
	check(t, s.Preferences.Save(ctx, now, member, digest.Preferences{Locale: "de"}))
	check(t, s.Preferences.SetOverride(ctx, now, member, 5, 0, digest.Weekly))
	post := forum.PostID(member % 100)
	must(s.Sightings.Save(ctx, store.ScanResult{Now: now, Sighted: []forum.Arrival{{Post: post, Thread: 9, Section: 5, Author: member, PostedAt: now}}}))(t)
	news := alertItem(member, 9, post)
	news.Seq = must(s.Sightings.LastSeq(ctx))(t)
	planAlerts(t, s, newAlert(news))
	var edition string
	for day, owed := range []forum.PostID{1, 2, 3} { // the second edition brings what the first one deferred
		edition = fmt.Sprintf("digest/%d/%d", member, day)
		must(s.Outbox.Plan(ctx, now, []store.Plan{{Key: edition, Kind: "digest", Member: member, Until: int64(100 + day), NextDue: now}}))(t)
		for _, row := range claim(t, s, now) {
			settleOne(t, s, retryLater(row, "try again", now))
		}
		for _, row := range claim(t, s, now) {
			x := accepted(row, now)
			x.Address, x.Reply = address, "queued for "+address
			x.Deferred = []digest.DeferredPost{{Post: owed, Seq: int64(owed), NotBefore: now, Reason: digest.HeldForWeek}}
			settleOne(t, s, x)
		}
	}
	check(t, s.Suppressions.SaveRefusals(ctx, []store.Refusal{{Key: edition, Source: store.FromReport, Member: member, Address: address, SentAt: now, At: now}}))
	h := bounce.Health{Score: 4, LastEvent: now, SuppressedSince: now, SuppressedUntil: now.Add(bounce.Reset), Reason: "dead"}
	check(t, s.Suppressions.Add(ctx, now, []store.Health{{Address: address, Member: member, Health: h}}))
	must(s.Suppressions.RetryAddress(ctx, now, address, now.Add(-time.Hour)))(t)
	must(s.Consents.Record(ctx, fmt.Sprint(member), store.Consent{Member: member, Address: address, Asked: now, Confirmed: now}))(t)
	must(s.Confirmations.Ask(ctx, now, store.Confirmation{Address: address, Token: "token"}, confirmationLimits))(t)
	check(t, s.Audit.Record(ctx, store.AuditEntry{At: now, Actor: fmt.Sprintf("member: %d", member), Action: "try again", Object: fmt.Sprintf("member/%d", member)}))
}

// dumpTables are the rows of all tables.
func dumpTables(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, table := range documentedTables(t) {
		rows := must(db.Query("SELECT * FROM " + table))(t)
		columns := must(rows.Columns())(t)
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			check(t, rows.Scan(into...))
			for _, v := range values {
				if text, is := v.([]byte); is {
					v = string(text)
				}
				all[table] += fmt.Sprint(v) + "\t"
			}
			all[table] += "\n"
		}
		check(t, rows.Close())
	}
	return all
}
