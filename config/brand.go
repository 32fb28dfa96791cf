package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"postrider/templates"
)

// Brand is the [brand] table: what makes emails and pages look like the site.
type Brand struct {
	Logo    string      `toml:"logo"` // a file
	Accent  string      `toml:"accent"`
	Address []string    `toml:"address"`
	Links   []BrandLink `toml:"links"`
}

// BrandLink is a link in the footer.
type BrandLink struct {
	Text string `toml:"text"`
	URL  string `toml:"url"`
}

// Read reads the logo's file and returns the brand for templates. The error lists all invalid keys; each starts with its key.
func (b Brand) Read() (templates.Brand, error) {
	brand := templates.Brand{Accent: strings.TrimSpace(b.Accent), Address: b.Address}
	for _, l := range b.Links {
		brand.Links = append(brand.Links, templates.BrandLink(l))
	}
	err := brand.Validate()
	if b.Logo == "" {
		return brand, err
	}
	data, unread := readLogo(b.Logo)
	if unread == nil {
		brand.Logo, unread = templates.NewLogo(data)
	}
	if unread != nil {
		err = errors.Join(err, fmt.Errorf("logo: the file %s %w", b.Logo, unread))
	}
	return brand, err
}

// maxLogoFile is the size, in bytes, from which a file is not read. Up to it, the error also says if the format is wrong.
const maxLogoFile = 4 << 20

func readLogo(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file: name a PNG, JPEG or GIF image")
	case info.Size() > maxLogoFile:
		return nil, fmt.Errorf("has %d bytes: must be at most %d", info.Size(), templates.MaxLogoBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return data, nil
}
