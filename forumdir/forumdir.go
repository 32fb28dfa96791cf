// Package forumdir finds out from a forum's own files which software it is, and where its database is. It runs none of the files,
// and connects to nothing.
//
// [Find] looks for the configuration that each forum software keeps, in a folder and below it where the software has it. PHP files
// are read as far as they assign literal values (php.go). types.go says which file and which values each software has.
package forumdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Forum is what a forum's own files say about it.
type Forum struct {
	Type    string // the value of [forum] type
	Title   string // "phpBB 3.3.17"; without the version if the files do not tell it
	Version string // "3.3.17"
	File    string // the configuration that was read
	URL     string // the forum's address; empty: unknown
	Name    string // empty: unknown
	Prefix  string // of table names
	DB      Database
}

// Database is where the forum keeps its data, with the account that the forum itself uses.
type Database struct {
	Engine             string // "mysql", "postgres" or "sqlite"
	Host, Port, Socket string
	Name, User         string
	Password           string
	File               string // of SQLite
}

// ErrNone means that no known forum is in a folder.
var ErrNone = errors.New("no forum found")

// NotSupportedError means that a forum was found which Postrider cannot read.
type NotSupportedError struct{ Title, Why string }

// Error returns the text of the error.
func (e NotSupportedError) Error() string { return e.Title + ": " + e.Why }

// maxConfig is the maximum size of a file that is read, in bytes.
const maxConfig = 1 << 20

// Find reads the configuration of the forum in a folder. It returns ErrNone if there is none.
func Find(folder string) (Forum, error) {
	if _, err := os.Stat(folder); err != nil {
		return Forum{}, fmt.Errorf("looking for a forum: %w", err)
	}
	var unreadable error
	for _, s := range softwares() {
		f, err := s.find(folder)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrPermission):
			unreadable = err
		case !errors.Is(err, ErrNone):
			return Forum{}, err
		}
	}
	if unreadable != nil {
		return Forum{}, unreadable
	}
	return Forum{}, fmt.Errorf("%w in %s: want the folder with the configuration of XenForo, phpBB, MyBB, SMF, FluxBB, Flarum, NodeBB or Discourse", ErrNone, folder)
}

// find reads the forum's files, or returns ErrNone if they are not of this software.
func (s software) find(folder string) (Forum, error) {
	for _, name := range s.files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		text, err := readConfig(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Forum{}, err
		}
		f := Forum{Type: s.kind, File: path}
		if err := s.read(&f, text); err != nil {
			return Forum{}, err
		}
		f.Version = s.versionIn(folder)
		f.Title = strings.TrimSpace(s.title + " " + f.Version)
		if f.DB.Engine == "" {
			return Forum{}, NotSupportedError{f.Title, "its configuration " + path + " names no database that Postrider can read"}
		}
		return f, f.checkValues()
	}
	return Forum{}, ErrNone
}

// checkValues reports values with line ends or other control characters. They are printed and become a part of statements that an
// administrator of the database runs, but whoever may write the forum's files is no such administrator.
func (f Forum) checkValues() error {
	for _, v := range []struct{ name, value string }{
		{"database name", f.DB.Name}, {"host", f.DB.Host}, {"port", f.DB.Port}, {"socket", f.DB.Socket}, {"user", f.DB.User}, {"database file", f.DB.File},
		{"table prefix", f.Prefix}, {"address", f.URL}, {"forum name", f.Name},
	} {
		if strings.ContainsFunc(v.value, unicode.IsControl) || !utf8.ValidString(v.value) {
			return fmt.Errorf("%s: the %s has control characters", f.File, v.name)
		}
	}
	return nil
}

// versionIn returns the version that the software's own code names, or "".
func (s software) versionIn(folder string) string {
	text, err := readConfig(filepath.Join(folder, filepath.FromSlash(s.versionFile)))
	if err != nil || s.version == nil {
		return ""
	}
	if found := s.version.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// readConfig reads a file of at most maxConfig bytes.
func readConfig(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	return string(text), err
}
