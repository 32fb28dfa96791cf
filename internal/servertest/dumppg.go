package servertest

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"testing"
)

// LoadPostgresDump loads a dump (pg_dump, gzipped) into the database of a DSN.
func LoadPostgresDump(t testing.TB, dsn, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	psql, found := findPostgres("psql")
	if !found {
		t.Fatal("psql is not next to initdb")
	}
	load := exec.CommandContext(t.Context(), psql, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", dsn)
	var said bytes.Buffer
	load.Stdin, load.Stderr = unzipped, &said
	if err := load.Run(); err != nil {
		t.Fatalf("loading %s: %v\n%s", path, err, said.Bytes())
	}
}
