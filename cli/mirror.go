package cli

import (
	"context"
	"errors"
	"time"

	"postrider/mirror"
	"postrider/source"
)

// openMirror creates and opens the database that stands for a forum of type mirror. Other forums have none.
func (a *app) openMirror(ctx context.Context) (err error) {
	if a.cfg.Forum.Type != source.MirrorType || a.mirror != nil {
		return nil
	}
	a.mirror, err = mirror.Open(ctx, a.cfg.Forum.DSN)
	return err
}

// textsKept is how long the mirror keeps texts: as long as any edition needs them.
func (a *app) textsKept() time.Duration {
	const margin = 24 * time.Hour // an edition may be late
	return max(a.cfg.Mirror.KeepTexts, a.cfg.Digest.FirstWindow+margin)
}

// mirrorInterval is how often old texts are deleted.
const mirrorInterval = time.Hour

// tendMirror does what the mirror needs, now and from time to time until ctx ends.
func (s *service) tendMirror(ctx context.Context) {
	for s.mirror != nil && ctx.Err() == nil {
		if err := s.tendMirrorOnce(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Warn("cannot tidy the mirror", "err", err)
		}
		waitFor(ctx, mirrorInterval)
	}
}

// tendMirrorOnce deletes old texts.
func (s *service) tendMirrorOnce(ctx context.Context) error {
	if s.mirror == nil {
		return nil
	}
	return s.mirror.DropTexts(ctx, s.textsKept(), s.clock(), s.log)
}
