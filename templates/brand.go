package templates

import (
	"bytes"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"image"
	_ "image/gif"  // formats of logos
	_ "image/jpeg" //
	_ "image/png"  //
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"postrider/internal/inline"
	"postrider/internal/line"
)

// Brand is what makes emails and pages look like the site. The zero Brand changes nothing.
type Brand struct {
	Logo    *Logo    // instead of the site's name; nil: the name
	Accent  string   // the color of links, lines and buttons: "#0055aa"; empty: our own
	Address []string // the lines of the postal address in the footer
	Links   []BrandLink
}

// BrandLink is a link in the footer, such as the imprint.
type BrandLink struct{ Text, URL string }

// Logo is the site's logo. Emails bring it with them.
type Logo struct {
	inline.Image
	Width, Height int  // in pixels
	Plate         bool // parts of it are transparent, so it needs a light background on dark screens
}

// The limits of a logo. Every email brings it, so each kilobyte counts as often as there are recipients.
const (
	MaxLogoBytes  = 20 << 10
	maxLogoPixels = 2000 // width and height
)

// NewLogo checks the content of a logo's file. Only formats that all mail programs show are accepted.
func NewLogo(data []byte) (*Logo, error) {
	img, err := readImage(data, MaxLogoBytes)
	if err != nil {
		return nil, err
	}
	return &Logo{
		Image: inline.New("logo."+strings.TrimPrefix(img.kind, "image/"), img.kind, data),
		Width: img.width, Height: img.height, Plate: !img.opaque,
	}, nil
}

// imageFile is what a message must know of an image that it brings.
type imageFile struct {
	kind          string // "image/png"
	width, height int    // in pixels
	opaque        bool
}

// readImage checks the content of an image that messages bring. It may have so many bytes.
func readImage(data []byte, limit int) (imageFile, error) {
	kind := http.DetectContentType(data)
	switch {
	case bytes.Contains(data[:min(len(data), 1024)], []byte("<svg")):
		return imageFile{}, errors.New("is an SVG image, which Gmail and Outlook do not show: save it as PNG")
	case kind != "image/png" && kind != "image/jpeg" && kind != "image/gif":
		return imageFile{}, fmt.Errorf("contains %s: must be a PNG, JPEG or GIF image, because some mail programs show nothing else", kind)
	case len(data) > limit:
		return imageFile{}, fmt.Errorf("has %d bytes: must be at most %d, because every email brings it; make the image smaller, about 400 pixels wide", len(data), limit)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err == nil && max(c.Width, c.Height) > maxLogoPixels {
		return imageFile{}, fmt.Errorf("is %d × %d pixels: must be at most %d × %[3]d", c.Width, c.Height, maxLogoPixels)
	}
	var img image.Image
	if err == nil {
		img, _, err = image.Decode(bytes.NewReader(data))
	}
	if err != nil {
		return imageFile{}, fmt.Errorf("is damaged: %w", err)
	}
	opaque, known := img.(interface{ Opaque() bool })
	return imageFile{kind, c.Width, c.Height, known && opaque.Opaque()}, nil
}

// Limits of the footer. It must not outgrow the posts.
const (
	maxAddressLines = 6
	maxBrandLinks   = 6
	brandLineLimit  = 80 // characters
)

// Validate returns all invalid keys of the table [brand]; each error starts with its key.
func (b Brand) Validate() error {
	var errs []error
	if _, err := b.palette(); err != nil {
		errs = append(errs, fmt.Errorf("accent: %w", err))
	}
	if len(b.Address) > maxAddressLines {
		errs = append(errs, fmt.Errorf("address: has %d lines: must be at most %d", len(b.Address), maxAddressLines))
	}
	for _, text := range b.Address {
		if err := checkBrandText(text); err != nil {
			errs = append(errs, fmt.Errorf("address: %w", err))
		}
	}
	if len(b.Links) > maxBrandLinks {
		errs = append(errs, fmt.Errorf("links: there are %d: must be at most %d", len(b.Links), maxBrandLinks))
	}
	for _, l := range b.Links {
		if err := checkBrandText(l.Text); err != nil {
			errs = append(errs, fmt.Errorf("links: text: %w", err))
		}
		if u, err := url.Parse(l.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || line.Clean(l.URL) != l.URL {
			errs = append(errs, fmt.Errorf("links: invalid url %q: must be like \"https://forum.example.org/imprint\"", l.URL))
		}
	}
	return errors.Join(errs...)
}

func checkBrandText(s string) error {
	switch {
	case line.IsBlank(s):
		return errors.New("a line is empty: write text, or remove it")
	case line.Clean(s) != s:
		return fmt.Errorf("the line %q contains characters that cannot be shown, or spaces at its ends: remove them", s)
	case utf8.RuneCountInString(s) > brandLineLimit:
		return fmt.Errorf("the line %q has %d characters: must be at most %d", s, utf8.RuneCountInString(s), brandLineLimit)
	}
	return nil
}

func (b Brand) palette() (palette, error) {
	if b.Accent == "" {
		return ownPalette, nil
	}
	return newPalette(b.Accent)
}

// brandLine is the height of a line of the footer, in pixels.
const brandLine = 22

// height returns how much the brand adds to a message, in pixels.
func (b Brand) height() int {
	lines := len(b.Address)
	if len(b.Links) > 0 {
		lines += 2
	}
	return lines * brandLine
}

// logoData is the data of the template "logo": how an email or a page shows the logo.
type logoData struct {
	URL           htmltemplate.URL
	Alt           string
	Width, Height int
	Plate         bool
}

// Heights of a logo, in pixels. The file may have twice as many, so that it is sharp on good screens.
const (
	mastheadLogo = 48
	alertLogo    = 22 // the reply must begin near the top
	logoWidth    = 260
)

// show returns the logo at an address in a box of a height.
func (l *Logo) show(address, alt string, height int) *logoData {
	scale := min(1, float64(height)/float64(l.Height), logoWidth/float64(l.Width))
	return &logoData{
		URL: htmltemplate.URL(address), Alt: alt, Plate: l.Plate,
		Width: max(1, int(float64(l.Width)*scale+0.5)), Height: max(1, int(float64(l.Height)*scale+0.5)),
	}
}

// brandData is the brand in the data of layouts and pages.
type brandData struct {
	Logo    *logoData // nil: none
	Address []string
	Links   []BrandLink
}

// mailBrand returns how emails of a kind show the brand.
func (p *Renderer) mailBrand(k kind) brandData {
	b, height := p.set.brand, mastheadLogo
	if k == alertMail {
		height = alertLogo
	}
	data := brandData{Address: b.Address, Links: b.Links}
	if b.Logo != nil {
		data.Logo = b.Logo.show(b.Logo.Image.URL(), line.Fit(p.site.Name, titleLimit), height)
	}
	return data
}

// Brand returns the brand of the emails and pages.
func (s *Set) Brand() Brand { return s.brand }

// brandImages returns the images that emails bring with them.
func (s *Set) brandImages() []inline.Image {
	if s.brand.Logo == nil {
		return nil
	}
	return []inline.Image{s.brand.Logo.Image}
}
