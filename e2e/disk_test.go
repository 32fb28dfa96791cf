package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postrider/internal/smtptest"
)

// mountSmallDisk mounts a separate disk for the store.
func mountSmallDisk(t *testing.T, size string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can mount a small disk")
	}
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED: mounting a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk fills a disk to the last byte. The returned function frees the space.
func fillDisk(t *testing.T, dir string) (freeSpace func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 16; size > 0; {
		if _, err := file.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDisk_FullDiskLosesNothing fills the disk of the store while a daemon delivers, and frees it again.
func TestDisk_FullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	dir := mountSmallDisk(t, "8m")
	b := newTestForum(t, 400, time.Now().Add(-time.Hour))
	b.writePost(1)
	b.writePost(2)
	relay := smtptest.New(t, smtptest.WithPause(20*time.Millisecond))
	config := appendConfig(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+b.path, "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL()),
		"[scan]\ninterval = \"1s\"\n[delivery]\nuncertain_wait = \"1s\"\n")
	makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db"))
	p := start(t, buildBinary(t), "run", "-c", config)
	const faults = 2
	for range faults {
		arrived := len(relay.Messages())
		p.waitFor(t, "a message", func() bool { return len(relay.Messages()) > arrived })
		reported := strings.Count(p.out.String(), "disk is full")
		freeSpace := fillDisk(t, dir)
		arrived = len(relay.Messages())
		p.waitFor(t, "an error about the full disk", func() bool { return strings.Count(p.out.String(), "disk is full") > reported })
		if more := len(relay.Messages()) - arrived; more > connections+maxUnsettled {
			t.Errorf("%d messages were sent while the disk was full, want only those in flight", more)
		}
		freeSpace()
	}
	want := b.wantPosts()
	p.waitFor(t, "a message to each member", func() bool {
		got, _ := receivedPosts(t, relay.Messages())
		for member := range want {
			if len(got[member]) == 0 {
				return false
			}
		}
		return true
	})
	p.stop(t)
	messages := relay.Messages()
	copies := b.checkDelivered(messages)
	t.Logf("%d times a full disk, %d messages, %d of them copies with the same Message-ID", faults, len(messages), copies)
	if most := faults * (connections + maxUnsettled); copies > most {
		t.Errorf("%d messages were repeated, want at most %d", copies, most)
	}
}

// TestDisk_ReportsUnwritableFile starts a daemon on an existing store that is read-only.
func TestDisk_ReportsUnwritableFile(t *testing.T) {
	t.Parallel()
	dir := mountSmallDisk(t, "8m")
	b := newTestForum(t, 10, time.Now().Add(-time.Hour))
	b.writePost(1)
	relay := smtptest.New(t)
	config := writeConfig(t, t.TempDir(), "sample", "sqlite:"+b.path, "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
	if _, errOut, code := run(t, "migrate", "-c", config); code != 0 {
		t.Fatal(errOut)
	}
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	for _, command := range []string{"run", "check"} {
		out, errOut, code := run(t, command, "-c", config)
		if output := out + errOut; code != 1 || !strings.Contains(output, "read-only file system") || !strings.Contains(output, filepath.Join(dir, "postrider.db")) {
			t.Errorf("%s: exit %d, %s; want exit 1 and an error that names the read-only file", command, code, output)
		}
	}
	remount(0)
	makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db"))
	if _, errOut, code := run(t, "run", "-c", config, "--once"); code != 0 {
		t.Errorf("run: exit %d\n%s", code, errOut)
	}
	b.checkDelivered(relay.Messages())
}
