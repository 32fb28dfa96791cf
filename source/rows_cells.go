package source

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postrider/forum"
)

// fault is what is wrong with a value, and how to fix it. The zero value: nothing.
type fault struct {
	text, fix string // {values} in the text stands for all such values
	at        string // the first row with it
	mild      bool   // nothing leaks or stops because of it
}

// cellRule checks a value of a column that is not NULL.
type cellRule func(c *rowCheck, v any, column string) fault

// cellRules are the rules of the columns of all queries, by name. Text needs none.
var cellRules = map[string]cellRule{
	"id": isID, "thread_id": isIDOrZero, "section_id": isIDOrZero, "parent_id": isWhole, "author_id": isIDOrZero, "member_id": isID,
	"starter_id": isIDOrZero, "first_post_id": isIDOrZero, "place": isWhole, "holds_threads": isTruth, "closed": isTruth, "redirect": isTruth,
	"visible": isTruth, "regex": isTruth, "state": isOneOf(0, 1, 2, 3), "level": isOneOf(1, 2), "mail": isOneOf(0, 1, 2), "likes": isWhole, "earlier": isWhole,
	"days": isWhole, "posts": isWhole, "members": isWhole, "accepting_all": isWhole, "watching": isWhole, "without_email": isWhole,
	"started_at": isTime, "posted_at": isTime, "read_at": isTime, "visited_at": isTimeOrZero, "joined_at": isTimeOrZero, "no_mail_since": isTimeOrZero,
	"rights": isRights, "opt_outs": isOptOuts, "digest_choice": isDigestChoice, "sends": isTruth, "digests": isTruth, "no_mail": isNoMail, "zone": isZone, "locale": isLocale, "email": isEmail,
	"in_groups": isNumberList, "address": isAddress, "locked": isTruth, "body": isBody,
}

// checkCells checks the values of all columns, and reports each kind of fault once.
func (c *rowCheck) checkCells(q querySpec, rows []row) {
	if q.name == "codes" || q.name == "word_filter" { // they have other columns of the same names
		c.checkNulls(q, rows)
		return
	}
	for _, column := range q.columns {
		c.checkColumn(q, strings.TrimSuffix(column, "?"), rows)
	}
}

// checkColumn checks the values of a column. Faults with the same fix are one.
func (c *rowCheck) checkColumn(q querySpec, column string, rows []row) {
	var fixes []string
	first, count, values := make(map[string]fault), make(map[string]int), make(map[string][]string)
	for _, r := range rows {
		v, returned := r[column]
		if !returned {
			return
		}
		f := c.cellFault(q, v, column)
		if f.text == "" {
			continue
		}
		if count[f.fix]++; count[f.fix] == 1 {
			f.at = where(r)
			first[f.fix] = f
			fixes = append(fixes, f.fix)
		}
		if value := shown(v); len(values[f.fix]) < 5 && !slices.Contains(values[f.fix], value) {
			values[f.fix] = append(values[f.fix], value)
		}
	}
	for _, fix := range fixes {
		f := first[fix]
		report := c.fail
		if f.mild {
			report = c.warn
		}
		text := strings.Replace(f.text, "{values}", strings.Join(values[fix], ", "), 1)
		report(q.name, column, fix, "column %s %s (%s; %d of %d rows)", column, text, f.at, count[fix], len(rows))
	}
}

func (c *rowCheck) checkNulls(q querySpec, rows []row) {
	for _, column := range q.columns {
		for _, r := range rows {
			if v, returned := r[column]; returned && v == nil {
				c.fail(q.name, column, nullFix(column), "column %s is NULL (%s)", column, where(r))
				break
			}
		}
	}
}

func nullFix(column string) string {
	if column == "version" {
		return "write COALESCE(..., '') AS version, or COALESCE({unix COLUMN}, 0) AS version for a date and time"
	}
	instead := "''"
	if isNumberColumn(column) {
		instead = "0"
	}
	return fmt.Sprintf("write COALESCE(..., %s) AS %s", instead, column)
}

func (c *rowCheck) cellFault(q querySpec, v any, column string) fault {
	if v == nil {
		return fault{text: "is NULL", fix: nullFix(column)}
	}
	rule := cellRules[column]
	switch q.name + "." + column {
	case "newest.id", "first_since.id":
		rule = isIDOrZero
	case "thread_watches.mail":
		rule = isTruth
	}
	if rule == nil {
		return fault{}
	}
	return rule(c, v, column)
}

// shown returns a value for a message, short enough.
func shown(v any) string {
	text := fmt.Sprint(v)
	if b, isBytes := v.([]byte); isBytes {
		text = string(b)
	}
	if at, isTime := v.(time.Time); isTime {
		text = at.Format(time.DateTime)
	}
	return strconv.Quote(firstRunes(text, 40))
}

func isWhole(_ *rowCheck, v any, column string) fault {
	var n fastInt
	if n.Scan(v) == nil {
		return fault{}
	}
	if _, isBool := v.(bool); isBool {
		return fault{text: "is a boolean, and must be a number", fix: "write CASE WHEN ... THEN 1 ELSE 0 END AS " + column}
	}
	return fault{text: "is " + shown(v) + ", and must be a whole number", fix: "write a column of whole numbers AS " + column + ", or CAST(... AS BIGINT) (on MySQL: AS SIGNED)"}
}

func isIDOrZero(c *rowCheck, v any, column string) fault {
	if f := isWhole(c, v, column); f.text != "" {
		f.fix = "IDs must be whole numbers: use the number of the row, or a column of its own for it; text such as a UUID cannot be used"
		return f
	}
	if (row{column: v}).number(column) < 0 {
		return fault{text: "is " + shown(v) + ", and must not be negative", fix: "use the forum's own IDs, from 1; 0 stands for none"}
	}
	return fault{}
}

// isID accepts any ID. Sections may have negative ones: categories of a type whose IDs overlap with those of sections.
func isID(c *rowCheck, v any, column string) fault {
	f := isWhole(c, v, column)
	if f.text != "" {
		f.fix = "IDs must be whole numbers: use the number of the row, or a column of its own for it; text such as a UUID cannot be used"
		return f
	}
	if (row{column: v}).number(column) == 0 {
		return fault{text: "is 0, and must be an ID", fix: "leave out rows without an ID: add WHERE " + column + " > 0"}
	}
	return fault{}
}

func isOneOf(values ...int64) cellRule {
	return func(c *rowCheck, v any, column string) fault {
		var n fastInt
		if n.Scan(v) == nil && slices.Contains(values, int64(n)) {
			return fault{}
		}
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ", "), "[]")
		return fault{text: "has the values {values}, and must be one of " + list, fix: "translate each: CASE COLUMN WHEN VALUE THEN NUMBER ... END AS " + column + "; docs/query-contract.md says what each number means"}
	}
}

func isTruth(_ *rowCheck, v any, column string) fault {
	var n fastInt
	if _, isBool := v.(bool); isBool || n.Scan(v) == nil && (n == 0 || n == 1) {
		return fault{}
	}
	return fault{text: "has the values {values}, and must be 0 or 1", fix: truthFix((row{column: v}).text(column), column)}
}

// truthWords are words for yes and no.
var truthWords = map[string]string{"yes": "yes", "no": "yes", "y": "y", "n": "y", "true": "true", "false": "true", "t": "t", "f": "t", "on": "on", "off": "on"}

// truthFix says how to write a value as 0 or 1. Those of BIT columns of MySQL and MariaDB are bytes.
func truthFix(value, column string) string {
	yes := truthWords[strings.ToLower(value)]
	switch {
	case value == "\x00", value == "\x01":
		return "write CASE WHEN COLUMN THEN 1 ELSE 0 END AS " + column
	case yes == "":
		return fmt.Sprintf("write CASE WHEN COLUMN = VALUE THEN 1 ELSE 0 END AS %s, with the value that means yes", column)
	case value == strings.ToUpper(value):
		yes = strings.ToUpper(yes)
	case value != strings.ToLower(value):
		yes = strings.ToUpper(yes[:1]) + yes[1:]
	}
	return fmt.Sprintf("write CASE WHEN COLUMN = '%s' THEN 1 ELSE 0 END AS %s", yes, column)
}

// dateLike is the beginning of a date and time as text.
var dateLike = regexp.MustCompile(`^"\d{4}-\d\d-\d\d`)

func isTime(c *rowCheck, v any, column string) fault {
	if f := isTimeOrZero(c, v, column); f.text != "" {
		return f
	}
	if (row{column: v}).number(column) == 0 {
		return fault{text: "is 0", fix: "write the time as Unix seconds AS " + column, mild: true}
	}
	return fault{}
}

func isTimeOrZero(c *rowCheck, v any, column string) fault {
	if dateLike.MatchString(shown(v)) {
		return fault{text: "is the date and time " + shown(v) + ", and must be Unix seconds", fix: "write {unix COLUMN} AS " + column + ", with the name of the column in the braces"}
	}
	if f := isWhole(c, v, column); f.text != "" {
		return fault{text: "is " + shown(v) + ", and must be Unix seconds, a whole number", fix: "write {unix COLUMN} for a date and time, or CAST(FLOOR(...) AS BIGINT) (on MySQL: AS SIGNED) for a number AS " + column}
	}
	n := (row{column: v}).number(column)
	switch ahead := n - c.now.Unix(); {
	case n >= 100_000_000_000:
		return fault{text: "is " + shown(v) + ", which are probably milliseconds, and must be Unix seconds", fix: "write FLOOR(... / 1000) AS " + column + " (on PostgreSQL, ... / 1000)"}
	case ahead > 600 && c.s.db.kind.schedules && (column == "posted_at" || column == "started_at"):
	case ahead > 600 && column != "read_at":
		return fault{text: fmt.Sprintf("is %s, %v ahead of now", shown(v), time.Duration(ahead)*time.Second), mild: true,
			fix: "a date and time without a zone is taken as UTC: if the forum stores local time, convert it, for example {unix COLUMN AT TIME ZONE 'Europe/Berlin'} on PostgreSQL"}
	case n != 0 && n < 631_152_000 && n > -1: // 1990
		return fault{text: "is " + shown(v) + ", a time before 1990", fix: "write the time as Unix seconds AS " + column, mild: true}
	}
	return fault{}
}

func isRights(c *rowCheck, v any, column string) fault {
	decode := c.s.db.kind.rights
	if decode == nil {
		decode = parseRightDigits
	}
	if _, err := decode([]byte((row{column: v}).text(column))); err != nil {
		return fault{text: "has the values {values}: " + err.Error(), fix: "write '110' AS rights for a role that may read the section, and '111' for one that may read only own threads"}
	}
	return fault{}
}

func isOptOuts(_ *rowCheck, v any, column string) fault {
	if _, err := parseOptOuts((row{column: v}).text(column)); err != nil {
		return fault{text: "is " + shown(v) + ", and must be a list of announcements, alerts and digests", fix: "write CASE WHEN ... THEN 'announcements' ELSE '' END AS opt_outs"}
	}
	return fault{}
}

func isDigestChoice(_ *rowCheck, v any, column string) fault {
	if _, err := forum.ParseDigestChoice((row{column: v}).text(column)); err != nil {
		return fault{text: "is " + shown(v) + ", and must be empty or a frequency, then perhaps an hour", fix: "write CASE ... WHEN 'W' THEN 'weekly' ELSE '' END AS digest_choice"}
	}
	return fault{}
}

// noMailReasons are the values of the column no_mail.
var noMailReasons = []string{"", Banned, NotConfirmed, Bouncing, Disabled, AwaitingApproval, Rejected, NoAddress, AddressLeft, OptedOut}

func isNoMail(_ *rowCheck, v any, column string) fault {
	if slices.Contains(noMailReasons, (row{column: v}).text(column)) {
		return fault{}
	}
	return fault{text: "has the values {values}, which are no known reasons, so these members get no email", mild: true,
		fix: "write '' for members who may get email, or one of '" + strings.Join(noMailReasons[1:], "', '") + "'"}
}

func isZone(c *rowCheck, v any, column string) fault {
	stored := (row{column: v}).text(column)
	zone := stored
	if convert := c.s.db.kind.zone; convert != nil {
		zone = convert(stored)
	}
	if _, err := time.LoadLocation(zone); err == nil && (zone != "" || stored == "") {
		return fault{}
	}
	return fault{text: "is " + shown(v) + ", which is no time zone", fix: "write a name such as Europe/Berlin, or '' if it is not known; for offsets from UTC, set \"-- zones: hours\" (or minutes, seconds) at the top of the file", mild: true}
}

var localeLike = regexp.MustCompile(`^([A-Za-z]{2,3}([-_.@][A-Za-z0-9.@_-]+)?)?$`)

func isLocale(c *rowCheck, v any, column string) fault {
	tag := (row{column: v}).text(column)
	if convert := c.s.db.kind.locale; convert != nil {
		tag = convert(tag)
	}
	if localeLike.MatchString(tag) {
		return fault{}
	}
	return fault{text: "is " + shown(v) + ", which is no language tag", fix: "write a tag such as de or pt-BR, or '' if it is not known; for names such as german, set \"-- locales: names\" at the top of the file", mild: true}
}

func isEmail(_ *rowCheck, v any, column string) fault {
	address := (row{column: v}).text(column)
	if address == "" || strings.Contains(address, "@") && !strings.ContainsAny(address, " \r\n") {
		return fault{}
	}
	return fault{text: "is no address of email", fix: "write the column with the member's address AS email, or '' if there is none", mild: true}
}

// isAddress accepts what messages can link to. Others are left out, and the settings at the top of the file apply.
func isAddress(c *rowCheck, v any, column string) fault {
	address := (row{column: v}).text(column)
	if address == "" || webAddress(c.s.db.absolute(address)) != "" {
		return fault{}
	}
	return fault{text: "is " + shown(v) + fmt.Sprintf(", and must begin with / or https://, be an address on one line, and have at most %d characters", addressLimit),
		fix: "write CONCAT('/', ...) AS address, or '' if the address follows from the ID", mild: true}
}

// isBody accepts what the query bodies may return of a post.
func isBody(_ *rowCheck, v any, column string) fault {
	body := (row{column: v}).text(column)
	if n := utf8.RuneCountInString(body); len(body) > bodyLimit && n > bodyLimit {
		return fault{text: fmt.Sprintf("has %d characters, and must have at most %d", n, bodyLimit), mild: true,
			fix: fmt.Sprintf("cut it in the database, or a round needs much memory: SUBSTR(..., 1, %d) AS body", bodyLimit)}
	}
	return fault{}
}

func isNumberList(_ *rowCheck, v any, column string) fault {
	for part := range strings.SplitSeq((row{column: v}).text(column), ",") {
		part = strings.TrimSpace(part)
		if _, err := strconv.ParseInt(part, 10, 64); err != nil && part != "" {
			return fault{text: "is " + shown(v) + ", and must be IDs of groups, separated by commas", fix: "write the ID of the group AS " + column}
		}
	}
	return fault{}
}
