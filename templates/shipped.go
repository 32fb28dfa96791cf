package templates

import "io/fs"

// Shipped lists the names of the embedded files, which files of the same name in a folder override: "mail/digest.html".
func Shipped() []string {
	var names []string
	err := fs.WalkDir(embedded, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		panic(err) // the files are in the program
	}
	return names
}

// ShippedFile returns the content of an embedded file. The error is fs.ErrNotExist if there is none of this name.
func ShippedFile(name string) ([]byte, error) { return fs.ReadFile(embedded, name) }
