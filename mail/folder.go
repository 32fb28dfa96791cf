package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// DirSender writes messages to a directory instead of sending them, one file each. The file holds
// the bytes that a relay would get. It is safe for concurrent use.
type DirSender struct {
	dir string

	mu    sync.Mutex
	names map[string]string // existing files, by the ID at the end of their names
}

// NewFolder returns a DirSender for dir, and creates dir if it is missing.
func NewFolder(dir string) (*DirSender, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the mail directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the mail directory: %w", err)
	}
	f := &DirSender{dir: dir, names: make(map[string]string)}
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ".eml")
		if i := strings.LastIndexByte(stem, '-'); ok && i >= 0 {
			f.names[stem[i+1:]] = e.Name()
		}
	}
	return f, nil
}

// Send writes the message to a file whose name sorts by the message's date. The ID at the end of the name
// comes from the Message-ID, so that a retry replaces its own file and no other.
func (f *DirSender) Send(ctx context.Context, from, to string, raw []byte) Outcome {
	o := Outcome{Result: Accepted, Stage: Body}
	if o.Err = f.write(ctx, to, raw); o.Err != nil {
		o.Result = NotSent
	}
	o.At = time.Now()
	return o
}

func (f *DirSender) write(ctx context.Context, to string, raw []byte) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := validateRaw(raw); err != nil {
		return err
	}
	name, err := f.name(to, raw)
	if err != nil {
		return err
	}
	// Write to a temporary file and rename, so that no reader sees half a message.
	part, err := os.CreateTemp(f.dir, ".part-*")
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = part.Write(raw)
	if closeErr := part.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(part.Name(), filepath.Join(f.dir, name))
	}
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	return nil
}

// name returns the file name of a message, such as "20260504T070000Z-anna-example.org-4f6vq2ukd7mf.eml", or
// the name of its existing file.
func (f *DirSender) name(to string, raw []byte) (string, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("reading the header: %w", err)
	}
	date, err := m.Header.Date()
	if err != nil {
		return "", fmt.Errorf("reading the date: %w", err)
	}
	local, _, _ := strings.Cut(strings.TrimPrefix(m.Header.Get("Message-ID"), "<"), "@")
	id := strings.ReplaceAll(fileSafe(local), "-", "_")
	if id == "" {
		return "", errors.New("reading the header: no Message-ID")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[id] == "" {
		f.names[id] = date.UTC().Format("20060102T150405Z") + "-" + truncate(fileSafe(to), 60) + "-" + id + ".eml"
	}
	return f.names[id], nil
}

// fileSafe replaces characters that are not safe in every file system and shell.
func fileSafe(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && isAlnum(byte(r)) || r == '.' || r == '_' || r == '+' {
			return r
		}
		return '-'
	}, s), ".-")
}
