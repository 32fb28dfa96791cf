package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

func TestSelectLeavesOutWithItsReason(t *testing.T) {
	tests := []struct {
		name string
		tell func(f *tiny, r *Reader)
		want Reason
	}{
		{"a reply in a watched section is in", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, ""},
		{"a reply in a watched thread of an unwatched section is in", func(f *tiny, r *Reader) {
			f.thread(1, 2, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, ""},
		{"a post by a guest is in", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, forum.Guest) }, ""},
		{"his own thread in a section of own threads is in", func(f *tiny, r *Reader) { f.thread(1, 4, reader); f.post(5, 1, anna) }, ""},
		{"the opening post of a section watched for new threads is in", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(100, 1, anna)
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads}
		}, ""},
		{"a reply in a section watched for new threads", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads}
		}, ThreadsOnly},
		{"nothing he watches", func(f *tiny, r *Reader) { f.thread(1, 2, anna); f.post(5, 1, anna) }, NotWatched},
		{"a section watched from the days when he could read it", func(f *tiny, r *Reader) { f.thread(1, 3, anna); f.post(5, 1, anna) }, NotReadable},
		{"a watched thread that was moved where he may not read", func(f *tiny, r *Reader) {
			f.thread(1, 3, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, NotReadable},
		{"a section that no listing leads to", func(f *tiny, r *Reader) {
			f.thread(1, 9, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
			r.Access[9] = forum.ReadAll
		}, NotReadable},
		{"another's thread in a section of own threads", func(f *tiny, r *Reader) { f.thread(1, 4, anna); f.post(5, 1, anna) }, ReasonNotOwnThread},
		{"a guest's thread is no guest's own", func(f *tiny, r *Reader) {
			f.thread(1, 4, forum.Guest)
			f.post(5, 1, anna)
			r.Member.ID = forum.Guest
		}, ReasonNotOwnThread},
		{"his own post", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, reader) }, OwnPost},
		{"an author whom he ignores", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, bo)
			r.Ignores = map[forum.MemberID]bool{bo: true}
		}, Ignored},
		{"a soft-deleted post", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna).State = forum.Deleted }, PostDeleted},
		{"a post that awaits approval", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna).State = forum.Moderated }, PostModerated},
		{"a visible reply in a deleted thread", func(f *tiny, r *Reader) { f.thread(1, 1, anna).State = forum.Deleted; f.post(5, 1, anna) }, ThreadDeleted},
		{"a visible reply in a thread that awaits approval", func(f *tiny, r *Reader) { f.thread(1, 1, anna).State = forum.Moderated; f.post(5, 1, anna) }, ThreadModerate},
		{"a signpost", func(f *tiny, r *Reader) { f.thread(1, 1, anna).Redirect = true; f.post(5, 1, anna) }, Redirected},
		{"a post that is gone for good", func(f *tiny, r *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna); f.posts = nil }, ReasonDeleted},
		{"a muted section", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Sections = map[forum.SectionID]Cadence{1: Off}
		}, ReasonMuted},
		{"a muted thread", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Threads = map[forum.ThreadID]Cadence{1: Off}
		}, ReasonMuted},
		{"what he has read on the site", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon}}
		}, AlreadyRead},
		{"what he has read with its whole section", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Sections: map[forum.SectionID]time.Time{1: noon.Add(time.Hour)}}
		}, AlreadyRead},
		{"what came after he read", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{1: noon.Add(-time.Second)}}
		}, ""},
		{"what an alert told him", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.OtherRoute = map[forum.PostID]Reason{5: AlreadyAlerted}
		}, AlreadyAlerted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f tiny
			r := watcher()
			tt.tell(&f, &r)
			w := f.window()
			got := ids(w.Select(r))
			if in := len(got) == 1; in != (tt.want == "") {
				t.Errorf("Select holds posts %v, want it left out for %q", got, tt.want)
			}
			var reason Reason
			for _, l := range w.Omissions(r) {
				reason = l.Reason
			}
			if reason != tt.want {
				t.Errorf("Explain says %q, want %q", reason, tt.want)
			}
			steps, why, known := w.Trace(r, f.sightings[0].Post)
			if !known || why != tt.want || len(steps) == 0 {
				t.Fatalf("Trace says %q, want %q: %+v", why, tt.want, steps)
			}
			for i, s := range steps {
				if last := i == len(steps)-1; s.Says == "" || s.Bars != (last && why != "") || s.Bars && s.Says != string(why) {
					t.Errorf("step %d of %d for %q is %+v", i+1, len(steps), why, s)
				}
			}
		})
	}
}

func TestTheTraceSaysWhatSpeaksForAPost(t *testing.T) {
	tests := []struct {
		name string
		tell func(f *tiny, r *Reader)
		rule Rule
		says string
	}{
		{"a public section", func(f *tiny, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Readable, `section 1 "News": all threads are readable`},
		{"his own thread", func(f *tiny, _ *Reader) { f.thread(1, 4, reader); f.post(5, 1, anna) }, Readable, `section 4 "Help desk": own threads only, and this is one`},
		{"a watched section", func(f *tiny, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Watched, "section is watched for all posts"},
		{"a watched thread", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Watches.Threads[1] = forum.Watch{}
		}, Watched, "thread is watched"},
		{"a quote", func(f *tiny, r *Reader) {
			f.thread(1, 2, anna)
			f.post(5, 1, anna)
			r.Deferred = map[forum.PostID]AlertCause{5: Quoted}
		}, Watched, "the post concerns the member directly (quote)"},
		{"a wish", func(f *tiny, r *Reader) {
			f.thread(1, 1, anna)
			f.post(5, 1, anna)
			r.Overrides.Threads = map[forum.ThreadID]Cadence{1: WithDigest}
		}, MutedRule, "override: digest"},
		{"an author", func(f *tiny, _ *Reader) { f.thread(1, 1, anna); f.post(5, 1, anna) }, Author, "author 7 is not ignored"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f tiny
			r := watcher()
			tt.tell(&f, &r)
			steps, why, _ := f.window().Trace(r, 5)
			i := slices.IndexFunc(steps, func(s RuleResult) bool { return s.Rule == tt.rule })
			if why != "" || i < 0 || steps[i].Says != tt.says {
				t.Errorf("it says %+v, and is left out for %q; want %q", steps, why, tt.says)
			}
		})
	}
	if _, _, known := (&tiny{}).window().Trace(watcher(), 5); known {
		t.Error("a post that was never sighted is traced")
	}
}

func TestSelectTakesOnlyHisStretchOfTheWindow(t *testing.T) {
	var f tiny
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

func TestGroupsStandInTheForumsOrder(t *testing.T) {
	var f tiny
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

// A moved thread is sighted anew. Each reader gets its post once, whichever of his editions lies
// before or after the move, and whether or not the move was sighted when an edition was built.
func TestAMovedPostIsInOneEditionAtMost(t *testing.T) {
	tests := []struct {
		name     string
		from, to forum.SectionID
		watch    func(r *Reader)
		before   bool // wanted in the edition built before the move
		unseen   bool // wanted in the edition built between the move and its sighting
		after    bool // wanted in the edition of the move's sighting, after one before the move
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
				var f tiny
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
				t.Errorf("moved but not sighted there: in = %v, want %v", got, tt.unseen)
			}
			if got := edition(tt.to, 1, 2, true); got != tt.after {
				t.Errorf("the edition of the move: in = %v, want %v", got, tt.after)
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

func TestFillPutsWhatConcernsHimFirst(t *testing.T) {
	var f tiny
	for id := range forum.ThreadID(4) {
		f.thread(id+1, 1, anna)
	}
	f.post(11, 1, anna)
	f.post(21, 2, anna)
	f.post(22, 2, bo)
	f.post(31, 3, anna)
	f.post(41, 4, anna)
	f.post(42, 4, bo)
	f.say(42, `[QUOTE="Old Hand, post: 9, member: 42"]What?[/QUOTE]That.`)
	d := f.window().Select(watcher())
	d.Fill(f.contents, map[forum.ThreadID]bool{3: true})
	if got, want := ids(d), []forum.PostID{42, 41, 31, 21, 22, 11}; !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v: quotes him, took part, liveliest", got, want)
	}
	if first := d.Groups[0].Threads[0]; !first.QuotesReader || !first.Posts[0].QuotesReader || first.Posts[1].QuotesReader {
		t.Errorf("marks of the thread that quotes him are wrong: %+v", first)
	}
}

func TestFillDropsPostsThatTheForumDoesNotGive(t *testing.T) {
	var f tiny
	f.thread(1, 1, anna)
	f.post(5, 1, anna)
	d := f.window().Select(watcher())
	d.Fill(nil, nil)
	if !d.Empty() {
		t.Errorf("groups = %v, want none", d.Groups)
	}
}

// What stands again where it stood before is not sighted there again.
func TestAPostThatWandersIsInOneEdition(t *testing.T) {
	const own, other, staff = forum.SectionID(1), forum.SectionID(2), forum.SectionID(3)
	tests := []struct {
		name string
		way  []forum.SectionID // in which it was sighted; numbers from 1
		at   forum.SectionID   // where it stands now
		mark int64
		want bool
	}{
		{"back where he watches, all in one edition", []forum.SectionID{own, staff}, own, 0, true},
		{"back where he watches, where he had it", []forum.SectionID{own, staff}, own, 1, false},
		{"to another that he watches, where he had it two moves ago", []forum.SectionID{own, staff, other}, other, 2, false},
		{"to another that he watches, where he could not have it before", []forum.SectionID{staff, staff + 1, other}, other, 2, true},
		{"on to a place where it is not sighted yet", []forum.SectionID{staff, staff + 1}, own, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f tiny
			f.thread(1, tt.at, anna)
			f.post(5, 1, anna)
			f.sightings = nil
			for i, section := range tt.way {
				s := Sighting{Seq: int64(i + 1), Post: 5, Section: section}
				if i > 0 {
					s.MovedFrom = tt.way[i-1]
				}
				f.sightings = append(f.sightings, s)
			}
			r := watcher()
			r.Watches.Sections[other] = forum.Watch{Level: forum.AllPosts}
			r.After, r.Until = tt.mark, int64(len(tt.way))
			if got := len(ids(f.window().Select(r))) == 1; got != tt.want {
				t.Errorf("in = %v, want %v", got, tt.want)
			}
		})
	}
}
