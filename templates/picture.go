package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"postrider/internal/inline"
	"postrider/markup"
)

// pictureDir is the folder, within that of the owner's templates, with the images that announcements may show.
const pictureDir = "images"

// The limits of the images of an announcement. Every message brings them.
const (
	maxPictureBytes  = 100 << 10 // of one
	maxPicturesBytes = 200 << 10 // of all in one message
	pictureWidth     = 536       // pixels: the width of the text
)

var pictureName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// pictures reads the images of an announcement, each once.
type pictures struct {
	files  overlayFS
	images []inline.Image
}

// read returns the image in a file.
func (p *pictures) read(name string) (markup.Picture, error) {
	switch {
	case !pictureName.MatchString(name):
		return markup.Picture{}, errors.New("must be the name of a file, of letters, digits, dots, \"-\" and \"_\"")
	case p.files.dir == "":
		return markup.Picture{}, fmt.Errorf("is a file in the folder %s of your own templates: set [templates] dir", pictureDir)
	}
	data, err := p.files.read(path.Join(pictureDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return markup.Picture{}, fmt.Errorf("is not in the folder %s of [templates] dir", pictureDir)
	}
	if err != nil {
		return markup.Picture{}, fmt.Errorf("cannot be read: %w", err)
	}
	img, err := readImage([]byte(data), maxPictureBytes)
	if err != nil {
		return markup.Picture{}, err
	}
	image := inline.New(name, img.kind, []byte(data))
	if !slices.ContainsFunc(p.images, func(other inline.Image) bool { return other.ID == image.ID }) {
		p.images = append(p.images, image)
	}
	size := 0
	for _, image := range p.images {
		size += len(image.Data)
	}
	if size > maxPicturesBytes {
		return markup.Picture{}, fmt.Errorf("makes %d bytes of images: must be at most %d together, because every message brings them", size, maxPicturesBytes)
	}
	scale := min(1, pictureWidth/float64(img.width))
	return markup.Picture{URL: image.URL(), Width: int(float64(img.width)*scale + 0.5), Height: max(1, int(float64(img.height)*scale+0.5))}, nil
}
