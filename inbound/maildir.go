package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"postrider/bounce"
)

// Maildir is a mailbox that our mail server delivers to (cr.yp.to/proto/maildir.html).
type Maildir struct {
	processor *Processor
	path      string
}

// Maildir returns the mailbox at path.
func (b *Processor) Maildir(path string) *Maildir { return &Maildir{b, path} }

// Collect processes new messages, and marks them as seen. A message that cannot be processed stays new.
func (m *Maildir) Collect(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(m.path, "new"))
	if err != nil {
		return fmt.Errorf("reading the bounce maildir: %w", err)
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil
		}
		if e.Name()[0] == '.' || !e.Type().IsRegular() {
			continue
		}
		if err := m.process(ctx, e.Name()); err != nil && !errors.Is(err, ErrRetryLater) {
			return fmt.Errorf("processing a message of the bounce maildir: %w", err)
		}
	}
	return nil
}

func (m *Maildir) process(ctx context.Context, name string) error {
	path := filepath.Join(m.path, "new", name)
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(file, bounce.MaxBytes))
	file.Close()
	if err != nil {
		return err
	}
	if err := m.processor.Process(ctx, nil, raw); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(m.path, "cur", seenName(name)))
}

// maxFileName is the longest name of a file on usual file systems, in bytes.
const maxFileName = 255

// seenName returns the name of a message that is marked as seen. A long name is cut, because one message that cannot be moved would
// stop all others.
func seenName(name string) string {
	const seen = ":2,S"
	return name[:min(len(name), maxFileName-len(seen))] + seen
}
