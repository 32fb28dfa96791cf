package admin_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func TestDraft_DiscardNeedsConfirmation(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	a, kept := w.saveAnnouncement(twoLanguageAnnouncement(), 0), w.saveAnnouncement(twoLanguageAnnouncement(), 0)
	b := w.admin()
	if got := b.postWithToken("/announcements/1/discard"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "The draft was kept.") || !strings.Contains(got.body, "<details open>") {
		t.Errorf("without confirmation: status %d\n%s", got.status, got.body)
	}
	wantRedirectDone(t, b.postWithToken("/announcements/1/discard", "sure", "yes"), "/announcements", "draft_discarded")
	if _, err := w.store.Announcements.Get(t.Context(), a.ID); !errors.Is(err, store.ErrNoAnnouncement) {
		t.Errorf("the discarded draft: %v, want ErrNoAnnouncement", err)
	}
	if got := must(w.store.Announcements.Get(t.Context(), kept.ID))(t); len(got.Variants) != 2 {
		t.Errorf("the other draft has %d texts", len(got.Variants))
	}
	if got := w.auditOf("announcement/1"); !slices.Equal(got, []string{"web: admin discard", "web: admin draft"}) && !slices.Equal(got, []string{"web: admin draft", "web: admin discard"}) {
		t.Errorf("audit log is %q", got)
	}
	if got := b.get("/announcements/1"); got.status != http.StatusNotFound {
		t.Errorf("the page of the discarded draft: status %d", got.status)
	}
	if next := w.saveAnnouncement(twoLanguageAnnouncement(), 0); next.ID == a.ID {
		t.Errorf("the number %d is used again", next.ID)
	}
}

func TestDraft_OnlyDraftsCanBeDiscarded(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.saveAnnouncement(twoLanguageAnnouncement(), 36)
	b := w.admin()
	if got := b.postWithToken("/announcements/1/discard", "sure", "yes"); got.status != http.StatusConflict {
		t.Errorf("an announcement that was started: status %d", got.status)
	}
	if got := must(w.store.Announcements.Get(t.Context(), 1))(t); len(got.Variants) != 2 {
		t.Errorf("the announcement has %d texts, want 2", len(got.Variants))
	}
	if page := b.get("/announcements/1").body; strings.Contains(page, "/discard") {
		t.Error("the page of a started announcement offers to discard it")
	}
	if got := b.postWithToken("/announcements/99/discard", "sure", "yes"); got.status != http.StatusNotFound {
		t.Errorf("an unknown announcement: status %d", got.status)
	}
}

// A copy is a draft with the same words for the same members, whatever became of the first.
func TestDraft_CopiesAnAnnouncement(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 36} {
		w := newFixture(t)
		first := twoLanguageAnnouncement()
		first.Forced, first.Audience = true, digest.Audience{Groups: []forum.GroupID{2}, Only: []forum.MemberID{13, 14}}
		first.Start = digest.Start{At: w.now.Add(48 * time.Hour)}
		a := w.saveAnnouncement(first, size)
		b := w.admin()
		wantRedirectDone(t, b.postWithToken("/announcements/1/copy"), "/announcements/2", "draft_copied")
		got := must(w.store.Announcements.Get(t.Context(), 2))(t)
		if got.State != store.Draft || !got.Start.At.IsZero() || got.Started != (time.Time{}) {
			t.Errorf("the copy is %s and starts at %s", got.State, got.Start.At)
		}
		if !slices.Equal(got.Variants, a.Variants) || !got.Forced || got.Speed != a.Speed || got.Canary != a.Canary ||
			!slices.Equal(got.Audience.Only, a.Audience.Only) || !slices.Equal(got.Audience.Groups, a.Audience.Groups) {
			t.Errorf("the copy is %+v, want %+v", got.Announcement, a.Announcement)
		}
		if again := must(w.store.Announcements.Get(t.Context(), 1))(t); again.State != a.State || !slices.Equal(again.Variants, a.Variants) {
			t.Errorf("the first has changed: %+v", again)
		}
	}
}
