package admin

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"os"
	"strconv"
)

// reload lets a preview be loaded anew as soon as a file of the owner's templates is saved.
func (s *Server) reload(v *visit) {
	was := v.r.URL.Query().Get("stamp")
	v.stream(func() (event, error) {
		now, err := stamp(s.Templates)
		if err != nil || now == was {
			return event{}, err
		}
		return event{turn, now}, nil
	})
}

// followed is the address of the stream that tells when a preview is to be loaded anew; empty where there are no templates
// of the owner's own.
func (s *Server) followed() (string, error) {
	if s.Templates == "" {
		return "", nil
	}
	now, err := stamp(s.Templates)
	return s.base + "/settings/mails/saved?" + url.Values{"stamp": {now}}.Encode(), err
}

// stamp names the state of all files in a directory, by their names, sizes and times.
func stamp(dir string) (string, error) {
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
		return "", fmt.Errorf("looking at the templates: %w", err)
	}
	return strconv.FormatUint(sum.Sum64(), 36), nil
}
