package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// binary builds the program once for all tests, because linking it takes seconds.
var binary = sync.OnceValues(func() (path string, err error) {
	dir, err := os.MkdirTemp("", "postrider-e2e-")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "postrider")
	cmd := exec.Command("go", "build", "-o", path, "postrider")
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.ReplaceAll(os.Getenv("GOFLAGS"), "-race", ""))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// buildBinary returns the program as it is released: without the race detector.
func buildBinary(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
