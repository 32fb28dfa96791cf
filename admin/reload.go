package admin

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"os"
	"strconv"
)

// streamTemplateChanges reloads a preview as soon as a file of the custom templates is saved.
func (s *Server) streamTemplateChanges(v *request) {
	was := v.r.URL.Query().Get("stamp")
	v.stream(func() (event, error) {
		now, err := dirFingerprint(s.Templates)
		if err != nil || now == was {
			return event{}, err
		}
		return event{reloadEvent, now}, nil
	})
}

// reloadStreamURL is the URL of the stream that reloads a preview; empty if there are no custom templates.
func (s *Server) reloadStreamURL() (string, error) {
	if s.Templates == "" {
		return "", nil
	}
	now, err := dirFingerprint(s.Templates)
	return s.basePath + "/settings/mails/saved?" + url.Values{"stamp": {now}}.Encode(), err
}

// dirFingerprint identifies the state of all files in a directory, by their names, sizes and times.
func dirFingerprint(dir string) (string, error) {
	sum := fnv.New64a()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("checking the templates for changes: %w", err)
	}
	return strconv.FormatUint(sum.Sum64(), 36), nil
}
