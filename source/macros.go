package source

import "postrider/internal/sqlfile"

// queryMacros are the words in braces that a query can use.
func queryMacros(optional *optionalTables) map[string]sqlfile.Macro {
	engine, prefix := optional.engine, optional.prefix
	macros := optional.macros()
	macros["prefix"] = func(string) string { return prefix }
	macros["table"] = func(name string) string { return quotedTable(engine, prefix+name) }
	macros["list"] = func(values string) string { return listOf(engine, values) }
	macros["unix"] = func(at string) string { return secondsOf(engine, at) }
	macros["time"] = func(seconds string) string { return timeOf(engine, seconds) }
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
		return "CAST(FLOOR(UNIX_TIMESTAMP(" + at + ")) AS SIGNED)"
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
