package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"postrider/config"
	"postrider/internal/finding"
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

// mirrorInterval is how often the daemon looks for feeds that are due and for texts that are too old.
const mirrorInterval = 20 * time.Second

// tendMirror does what the mirror needs, now and from time to time until ctx ends.
func (s *service) tendMirror(ctx context.Context) {
	for s.mirror != nil && ctx.Err() == nil {
		changed, err := s.tendMirrorOnce(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("cannot update the mirror", "err", err)
		}
		if changed > 0 {
			s.daemon.Wake()
		}
		waitFor(ctx, mirrorInterval)
	}
}

// tendMirrorOnce reads the feeds that are due and deletes old texts. It returns how many posts are new or changed.
func (s *service) tendMirrorOnce(ctx context.Context) (changed int, err error) {
	if s.mirror == nil {
		return 0, nil
	}
	poller := mirror.Poller{DB: s.mirror, Feeds: s.cfg.Mirror.Feeds, Log: s.log, Agent: "Postrider (for " + s.cfg.Forum.URL + ")"}
	changed, err = poller.PollDue(ctx, s.clock())
	return changed, errors.Join(err, s.mirror.DropTexts(ctx, s.textsKept(), s.clock(), s.log), s.mirror.ForgetDeletions(ctx, s.clock()))
}

// checkFeeds reports the feeds that could not be read.
func checkFeeds(ctx context.Context, cfg config.Config) []finding.Finding {
	if cfg.Forum.Type != source.MirrorType || len(cfg.Mirror.Feeds) == 0 {
		return nil
	}
	if path, isFile := strings.CutPrefix(cfg.Forum.DSN, "sqlite:"); isFile {
		if _, err := os.Stat(path); err != nil {
			return nil // check creates nothing; checkForum reports it
		}
	}
	db, err := mirror.Open(ctx, cfg.Forum.DSN)
	if err != nil {
		return nil // checkForum reports it
	}
	defer db.Close()
	states, err := db.FeedStates(ctx, cfg.Mirror.Feeds)
	if err != nil {
		return []finding.Finding{finding.Fail("feeds", err.Error(), "check that the database in [forum] dsn can be written")}
	}
	var all []finding.Finding
	for i, s := range states {
		name := cfg.Mirror.Feeds[i].String()
		switch {
		case s.Error != "":
			all = append(all, finding.Warn("feed", fmt.Sprintf("%s: %s (%d times in a row)", name, s.Error, s.Failures),
				"check that url in [mirror] feeds is the address of an RSS, Atom or JSON feed, and that this machine can reach it"))
		case s.BeganAt == 0:
			all = append(all, finding.OK("feed", name+": not read yet"))
		default:
			all = append(all, finding.OK("feed", name+": read"))
		}
	}
	return all
}
