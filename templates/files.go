package templates

import (
	"path"
	"strings"

	"postrider/forum"
	"postrider/internal/line"
)

// namedFiles is the maximum number of files that a post names. Photos and videos are only counted: their names say little.
const namedFiles = 3

// files returns what is attached to a post: "3 photos, 1 file: report.pdf". It is empty for no names.
func (l *locale) files(names []string) string {
	var photos, videos, others int
	var named []string
	for _, name := range names {
		switch strings.ToLower(path.Ext(name)) {
		case ".jpg", ".jpeg", ".jfif", ".png", ".gif", ".webp", ".avif", ".heic", ".heif", ".bmp", ".svg", ".tif", ".tiff":
			photos++
		case ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp", ".ogv", ".wmv":
			videos++
		default:
			others++
			if name = line.Fit(name, nameLimit); name != "" && len(named) < namedFiles {
				named = append(named, l.isolate(name))
			}
		}
	}
	var kinds []string
	for _, kind := range []struct {
		key string
		n   int
	}{{"post.photos", photos}, {"post.videos", videos}, {"post.files", others}} {
		if kind.n > 0 {
			kinds = append(kinds, l.mustText(kind.key, "n", kind.n))
		}
	}
	text := strings.Join(kinds, l.comma())
	if len(named) > 0 && len(named) == others && len(names) < forum.AttachmentNames {
		text = l.mustText("post.files_named", "files", text, "names", strings.Join(named, l.comma()))
	}
	return text
}
