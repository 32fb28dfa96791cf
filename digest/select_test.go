package digest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

func TestSelect_OmitsWithReason(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *testForum, r *Reader)
		want Reason
	}{
		{"a reply in a watched section is in", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, ""},
		{"a reply in a watched thread of an unwatched section is in", func(f *testForum, r *Reader) {
			f.thread(1, 2, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, ""},
		{"a post by a guest is in", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, forum.Guest) }, ""},
		{"the reader's own thread in a section of own threads is in", func(f *testForum, r *Reader) { f.thread(1, 4, reader); f.post(5, 1, anna) }, ""},
		{"the opening post of a section watched for new threads is in", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(100, 1, anna)
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads}
		}, ""},
		{"a reply in a section watched for new threads", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads}
		}, ThreadsOnly},
		{"an unwatched section", func(f *testForum, r *Reader) { f.thread(1, 2, anna); f.post(5, 1, anna) }, NotWatched},
		{"a watched section that is no longer readable", func(f *testForum, r *Reader) { f.thread(1, 3, anna); f.post(5, 1, anna) }, NotReadable},
		{"a watched thread that was moved to an unreadable section", func(f *testForum, r *Reader) {
			f.thread(1, 3, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, NotReadable},
		{"a section that the forum does not list", func(f *testForum, r *Reader) {
			f.thread(1, 9, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
			r.Access[9] = forum.ReadAll
		}, NotReadable},
		{"another member's thread in a section of own threads", func(f *testForum, r *Reader) { f.thread(1, 4, anna); f.post(5, 1, anna) }, ReasonNotOwnThread},
		{"a guest's thread is not another guest's own thread", func(f *testForum, r *Reader) {
			f.thread(1, 4, forum.Guest)
			f.post(5, 1, anna)
			r.Member.ID = forum.Guest
		}, ReasonNotOwnThread},
		{"the reader's own post", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, reader) }, OwnPost},
		{"an ignored author", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, bo)
			r.Ignores = map[forum.MemberID]bool{bo: true}
		}, Ignored},
		{"a soft-deleted post", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna).State = forum.Deleted }, PostDeleted},
		{"a post awaiting approval", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna).State = forum.Moderated }, PostModerated},
		{"a visible reply in a deleted thread", func(f *testForum, r *Reader) { f.thread(1, 1, anna).State = forum.Deleted; f.post(5, 1, anna) }, ThreadDeleted},
		{"a hidden post", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna).State = forum.Hidden }, PostHidden},
		{"a visible reply in a hidden thread", func(f *testForum, r *Reader) { f.thread(1, 1, anna).State = forum.Hidden; f.post(5, 1, anna) }, ThreadHidden},
		{"a visible reply in a thread awaiting approval", func(f *testForum, r *Reader) { f.thread(1, 1, anna).State = forum.Moderated; f.post(5, 1, anna) }, ThreadModerate},
		{"a redirect", func(f *testForum, r *Reader) { f.thread(1, 1, anna).Redirect = true; f.post(5, 1, anna) }, Redirected},
		{"a permanently deleted post", func(f *testForum, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna); f.posts = nil }, ReasonDeleted},
		{"a muted section", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Sections = map[forum.SectionID]Cadence{1: Off}
		}, ReasonMuted},
		{"a muted thread", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Threads = map[forum.ThreadID]Cadence{1: Off}
		}, ReasonMuted},
		{"a thread muted on the forum, in a watched section", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.Muted = map[forum.ThreadID]bool{1: true}
		}, MutedOnForum},
		{"a section muted on the forum", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.MutedSections = map[forum.SectionID]bool{1: true}
		}, MutedOnForum},
		{"a watched thread in a section muted on the forum is in", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.MutedSections = map[forum.SectionID]bool{1: true}
			r.Watches.Threads[1] = forum.Watch{}
		}, ""},
		{"a post read on the site", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(time.Second)}}
		}, AlreadyRead},
		{"a section marked as read", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Sections: map[forum.SectionID]time.Time{1: noon.Add(time.Hour)}}
		}, AlreadyRead},
		{"a post newer than the read mark", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(-time.Second)}}
		}, ""},
		{"a post already sent in an alert", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.OtherRoute = map[forum.PostID]Reason{5: AlreadyAlerted}
		}, AlreadyAlerted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f testForum
			r := watcher()
			tt.edit(&f, &r)
			w := f.window()
			got := ids(w.Select(r))
			if in := len(got) == 1; in != (tt.want == "") {
				t.Errorf("Select has posts %v, want the post omitted for %q", got, tt.want)
			}
			var reason Reason
			for _, l := range w.Omissions(r) {
				reason = l.Reason
			}
			if reason != tt.want {
				t.Errorf("Omissions has %q, want %q", reason, tt.want)
			}
			steps, why, known := w.Trace(r, f.sightings[0].Post)
			if !known || why != tt.want || len(steps) == 0 {
				t.Fatalf("Trace returns %q, want %q: %+v", why, tt.want, steps)
			}
			for i, s := range steps {
				if last := i == len(steps)-1; s.Says.Key == "" || s.Bars != (last && why != "") || s.Bars && s.Says.Key != string(why) {
					t.Errorf("step %d of %d for %q is %+v", i+1, len(steps), why, s)
				}
			}
		})
	}
}

func TestTrace_ExplainsWhyAPostIsIncluded(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *testForum, r *Reader)
		rule Rule
		says Phrase
	}{
		{"a public section", func(f *testForum, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Readable, NewPhrase("readable_all", "section", "1", "title", "News")},
		{"own thread", func(f *testForum, _ *Reader) { f.thread(1, 4, reader); f.post(5, 1, anna) }, Readable, NewPhrase("readable_own", "section", "4", "title", "Help desk")},
		{"a watched section", func(f *testForum, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Watched, NewPhrase("section_watched_posts")},
		{"a watched thread", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, Watched, NewPhrase("thread_watched")},
		{"a quote", func(f *testForum, r *Reader) {
			f.thread(1, 2, anna)
			f.post(5, 1, anna)
			r.Deferred = map[forum.PostID]AlertCause{5: Quoted}
		}, Watched, NewPhrase("concerns_member", "cause", Word{"alert_cause", "quote"})},
		{"an override", func(f *testForum, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Threads = map[forum.ThreadID]Cadence{1: WithDigest}
		}, MutedRule, NewPhrase("override", "cadence", Word{"override_cadence", "digest"})},
		{"an author", func(f *testForum, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Author, NewPhrase("author_not_ignored", "author", "7")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f testForum
			r := watcher()
			tt.edit(&f, &r)
			steps, why, _ := f.window().Trace(r, 5)
			i := slices.IndexFunc(steps, func(s RuleResult) bool { return s.Rule == tt.rule })
			if why != "" || i < 0 || !reflect.DeepEqual(steps[i].Says, tt.says) {
				t.Errorf("Trace returns %+v and omits the post for %q, want %+v", steps, why, tt.says)
			}
		})
	}
	if _, _, known := (&testForum{}).window().Trace(watcher(), 5); known {
		t.Error("Trace knows a post that was never sighted")
	}
}

func TestSelect_UsesOnlyTheReadersRange(t *testing.T) {
	var f testForum
	f.thread(1, 1, anna)
	for id := range forum.PostID(5) {
		f.post(id+1, 1, anna)
	}
	r := watcher()
	r.After, r.Until = 2, 4
	if got, want := ids(f.window().Select(r)), []forum.PostID{3, 4}; !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v", got, want)
	}
}

func TestSelect_OrdersSectionsAsTheForumDoes(t *testing.T) {
	var f testForum
	f.thread(1, 1, anna)
	f.post(5, 1, anna)
	f.thread(2, 2, anna)
	f.post(6, 2, anna)
	r := watcher()
	r.Watches.Threads[2] = forum.Watch{}
	d := f.window().Select(r)
	if got, want := []string{d.Groups[0].Section.Title, d.Groups[1].Section.Title}, []string{"Talk", "News"}; !slices.Equal(got, want) {
		t.Errorf("sections = %v, want %v", got, want)
	}
}

// A moved thread is sighted again. Each reader gets its post once, whichever editions are before or after the move, and
// whether or not the move was sighted when an edition was built.
func TestSelect_MovedPostIsInAtMostOneEdition(t *testing.T) {
	tests := []struct {
		name     string
		from, to forum.SectionID
		watch    func(r *Reader)
		before   bool // wanted in the edition built before the move
		unseen   bool // wanted in the edition built between the move and its sighting
		after    bool // wanted in the edition that covers the move, after one before the move
	}{
		{"out of staff into a watched section", 3, 1, func(*Reader) {}, false, false, true},
		{"between sections, the first watched", 1, 2, func(*Reader) {}, true, false, false},
		{"between sections, the second watched", 2, 1, func(*Reader) {}, false, false, true},
		{"between sections, the thread watched", 2, 1, func(r *Reader) { r.Watches.Threads[1] = forum.Watch{} }, true, true, false},
		{"out of staff, the thread watched", 3, 2, func(r *Reader) { r.Watches.Threads[1] = forum.Watch{} }, false, false, true},
		{"into staff", 1, 3, func(*Reader) {}, true, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := watcher()
			tt.watch(&r)
			edition := func(at forum.SectionID, after, until int64, moveSighted bool) bool {
				var f testForum
				f.thread(1, at, anna)
				f.post(5, 1, anna)
				f.sightings = []Sighting{{Seq: 1, Post: 5, Section: tt.from}}
				if moveSighted {
					f.sightings = append(f.sightings, Sighting{Seq: 2, Post: 5, Section: tt.to, MovedFrom: tt.from})
				}
				reader := r
				reader.After, reader.Until = after, until
				return len(ids(f.window().Select(reader))) == 1
			}
			if got := edition(tt.from, 0, 1, false); got != tt.before {
				t.Errorf("before the move: in = %v, want %v", got, tt.before)
			}
			if got := edition(tt.to, 0, 1, false); got != tt.unseen {
				t.Errorf("moved but not yet sighted there: in = %v, want %v", got, tt.unseen)
			}
			if got := edition(tt.to, 1, 2, true); got != tt.after {
				t.Errorf("the edition that covers the move: in = %v, want %v", got, tt.after)
			}
			both := edition(tt.to, 0, 2, true)
			readable := r.Access[tt.to] == forum.ReadAll
			_, section := r.Watches.Sections[tt.to]
			_, thread := r.Watches.Threads[1]
			if want := readable && (section || thread); both != want {
				t.Errorf("one edition over both: in = %v, want %v", both, want)
			}
		})
	}
}

func TestFill_RanksPostsThatConcernTheReaderFirst(t *testing.T) {
	var f testForum
	for id := range forum.ThreadID(4) {
		f.thread(id+1, 1, anna)
	}
	f.post(11, 1, anna)
	f.post(21, 2, anna)
	f.post(22, 2, bo)
	f.post(31, 3, anna)
	f.post(41, 4, anna)
	f.post(42, 4, bo)
	f.setBody(42, `[QUOTE="Old Hand, post: 9, member: 42"]What?[/QUOTE]That.`)
	d := f.window().Select(watcher())
	d.Fill(f.contents, map[forum.ThreadID]bool{3: true}, nil)
	if got, want := ids(d), []forum.PostID{42, 41, 31, 21, 22, 11}; !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v: quotes the reader, took part, most active", got, want)
	}
	if first := d.Groups[0].Threads[0]; !first.QuotesReader || !first.Posts[0].QuotesReader || first.Posts[1].QuotesReader {
		t.Errorf("the thread that quotes the reader is marked wrongly: %+v", first)
	}
}

func TestFill_DropsPostsWithoutContent(t *testing.T) {
	var f testForum
	f.thread(1, 1, anna)
	f.post(5, 1, anna)
	d := f.window().Select(watcher())
	d.Fill(nil, nil, nil)
	if !d.Empty() {
		t.Errorf("groups = %v, want none", d.Groups)
	}
}

// A post that returns to a previous section is not sighted there again.
func TestSelect_PostMovedRepeatedlyIsInAtMostOneEdition(t *testing.T) {
	const own, other, staff = forum.SectionID(1), forum.SectionID(2), forum.SectionID(3)
	tests := []struct {
		name    string
		path    []forum.SectionID // sections of its sightings, which are numbered from 1
		at      forum.SectionID   // where it is now
		covered int64
		want    bool
	}{
		{"back in a watched section, all in one edition", []forum.SectionID{own, staff}, own, 0, true},
		{"back in a watched section, already delivered there", []forum.SectionID{own, staff}, own, 1, false},
		{"to another watched section, already delivered two moves ago", []forum.SectionID{own, staff, other}, other, 2, false},
		{"to another watched section, never readable before", []forum.SectionID{staff, staff + 1, other}, other, 2, true},
		{"to a section where it is not sighted yet", []forum.SectionID{staff, staff + 1}, own, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f testForum
			f.thread(1, tt.at, anna)
			f.post(5, 1, anna)
			f.sightings = nil
			for i, section := range tt.path {
				s := Sighting{Seq: int64(i + 1), Post: 5, Section: section}
				if i > 0 {
					s.MovedFrom = tt.path[i-1]
				}
				f.sightings = append(f.sightings, s)
			}
			r := watcher()
			r.Watches.Sections[other] = forum.Watch{Level: forum.AllPosts}
			r.After, r.Until = tt.covered, int64(len(tt.path))
			if got := len(ids(f.window().Select(r))) == 1; got != tt.want {
				t.Errorf("in = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReader_HasRead(t *testing.T) {
	const late = 2 * time.Hour
	tests := []struct {
		name    string
		visible time.Duration // after it was posted at noon; 0: at once
		marks   forum.ReadMarks
		want    bool
	}{
		{"the thread was read later", 0, forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(time.Second)}}, true},
		{"the section was read later", 0, forum.ReadMarks{Sections: map[forum.SectionID]time.Time{1: noon.Add(time.Second)}}, true},
		{"it was read in the second of the post", 0, forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon}}, false},
		{"it was read before", 0, forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(-time.Second)}}, false},
		{"the forum has dropped its marks", 0, forum.ReadMarks{KeptSince: noon.Add(time.Hour)}, false},
		{"it was read before the post was approved", late, forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(time.Hour)}}, false},
		{"it was read after the post was approved", late, forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(late + time.Second)}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it := &item{post: forum.Post{ID: 5, PostedAt: noon}, thread: &forum.Thread{ID: 1, Section: 1}}
			if tt.visible > 0 {
				it.VisibleSince = noon.Add(tt.visible)
			}
			r := &Reader{Read: &tt.marks}
			if got := r.hasRead(it); got != tt.want {
				t.Errorf("hasRead is %t, want %t", got, tt.want)
			}
		})
	}
}
