package source

import (
	"strings"

	"postrider/internal/sqlfile"
)

// queryMacros are the words in braces that a query can use.
func queryMacros(optional *optionalTables) map[string]sqlfile.Macro {
	engine, prefix := optional.engine, optional.prefix
	macros := optional.macros()
	macros["prefix"] = func(string) string { return prefix }
	macros["table"] = func(name string) string { return quotedTable(engine, prefix+name) }
	macros["list"] = func(values string) string { return listOf(engine, values) }
	macros["unix"] = func(at string) string { return secondsOf(engine, at) }
	macros["time"] = func(seconds string) string { return timeOf(engine, seconds) }
	macros["checksum"] = func(text string) string { return checksumOf(engine, text) }
	macros["json"] = func(arg string) string { return jsonOf(engine, arg) }
	return macros
}

// listOf returns the aggregate that joins values with commas.
func listOf(engine sqlfile.Engine, values string) string {
	if engine == sqlfile.Postgres {
		return "STRING_AGG(CAST(" + values + " AS TEXT), ',')"
	}
	return "GROUP_CONCAT(" + values + ")"
}

// quotedTable returns the name of a table that is a reserved word in MySQL if the forum uses no prefix.
func quotedTable(engine sqlfile.Engine, name string) string {
	if engine == sqlfile.MySQL {
		return "`" + name + "`"
	}
	return name
}

// secondsOf returns a point in time as Unix seconds. One without a zone is in UTC: so are the sessions on MySQL and PostgreSQL.
func secondsOf(engine sqlfile.Engine, at string) string {
	switch engine {
	case sqlfile.Postgres:
		return "CAST(FLOOR(EXTRACT(EPOCH FROM " + at + ")) AS BIGINT)"
	case sqlfile.MySQL:
		return "TIMESTAMPDIFF(SECOND, '1970-01-01', " + at + ")"
	}
	return "CAST(strftime('%s', " + at + ") AS INTEGER)"
}

// timeOf returns Unix seconds as a point in time that can be compared with a column of the engine's type for these.
func timeOf(engine sqlfile.Engine, seconds string) string {
	switch engine {
	case sqlfile.Postgres:
		return "to_timestamp(CAST(" + seconds + " AS BIGINT))"
	case sqlfile.MySQL:
		return "FROM_UNIXTIME(" + seconds + ")"
	}
	return "datetime(" + seconds + ", 'unixepoch')"
}

// jsonOf returns a text or a truth in a column of JSON objects, as text; NULL if there is none. The argument is the column and the key.
// Truths are true and false, or 1 and 0 on SQLite.
func jsonOf(engine sqlfile.Engine, arg string) string {
	column, key, _ := strings.Cut(arg, " ")
	switch engine {
	case sqlfile.Postgres:
		return "(CAST(" + column + " AS JSON) ->> '" + key + "')"
	case sqlfile.MySQL:
		return "JSON_UNQUOTE(JSON_EXTRACT(CONVERT(" + column + " USING utf8mb4), '$." + key + "'))"
	}
	return "CAST(json_extract(CAST(" + column + " AS TEXT), '$." + key + "') AS TEXT)"
}

// checksumOf returns a short text that is another one when the text changes. SQLite has no checksums: there, it is the length with both
// ends of the text, so a change between them that keeps the length goes unnoticed.
func checksumOf(engine sqlfile.Engine, text string) string {
	switch engine {
	case sqlfile.Postgres:
		return "MD5(" + text + ")"
	case sqlfile.MySQL:
		return "CRC32(" + text + ")"
	}
	return "LENGTH(" + text + ") || ' ' || SUBSTR(" + text + ", 1, 100) || SUBSTR(" + text + ", -100)"
}
