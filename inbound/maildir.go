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

// Maildir is a mailbox into which a mail server of ours delivers (cr.yp.to/proto/maildir.html).
type Maildir struct {
	box  *Processor
	path string
}

// Maildir opens a mailbox.
func (b *Processor) Maildir(path string) *Maildir { return &Maildir{b, path} }

// Collect takes in what is new, and puts it with what was seen. A message that cannot be taken in stays new.
func (m *Maildir) Collect(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(m.path, "new"))
	if err != nil {
		return fmt.Errorf("reading the maildir for bounces: %w", err)
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil
		}
		if e.Name()[0] == '.' || !e.Type().IsRegular() {
			continue
		}
		if err := m.take(ctx, e.Name()); err != nil && !errors.Is(err, ErrRetryLater) {
			return fmt.Errorf("taking in a message of the maildir for bounces: %w", err)
		}
	}
	return nil
}

func (m *Maildir) take(ctx context.Context, name string) error {
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
	if err := m.box.Process(ctx, nil, raw); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(m.path, "cur", name+":2,S"))
}
