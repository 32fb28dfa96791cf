package forum

import (
	"slices"
	"testing"
)

func TestPlaceOf_StandsForTheSetOfSections(t *testing.T) {
	if got := PlaceOf(5, nil); got != 5 {
		t.Errorf("place of one section = %d, want 5", got)
	}
	if got := PlaceOf(5, []SectionID{5}); got != 5 {
		t.Errorf("place of the same section twice = %d, want 5", got)
	}
	several := PlaceOf(5, []SectionID{12, 7})
	if several >= 0 {
		t.Errorf("place of several = %d, want a negative number", several)
	}
	if again := PlaceOf(12, []SectionID{7, 5, 5}); again != several {
		t.Errorf("place in another order = %d, want %d", again, several)
	}
	for _, other := range [][]SectionID{{12}, {7}, {127}, {1, 27}, {12, 7, 1}} {
		if got := PlaceOf(5, other); got == several {
			t.Errorf("place of 5 and %v is that of 5, 12 and 7", other)
		}
	}
	if got := PlaceOf(5, []SectionID{12, 7}); got != -6597108838622699759 { // stored: it must never change
		t.Errorf("place of 5, 7 and 12 = %d", got)
	}
}

func TestPlaces_Move(t *testing.T) {
	thread := Thread{ID: 1, Section: 5, AlsoIn: []SectionID{12}}
	places := Places{-9: {2, 3, 4}}
	for _, tt := range []struct {
		to    SectionID
		in    []SectionID
		known bool
	}{{7, []SectionID{7}, true}, {-9, []SectionID{2, 3, 4}, true}, {-10, []SectionID{5, 12}, false}} {
		moved, known := places.Move(&thread, tt.to)
		if in := slices.Collect(moved.InSections); known != tt.known || !slices.Equal(in, tt.in) {
			t.Errorf("moved to %d: in %v, known %t; want %v, %t", tt.to, in, known, tt.in, tt.known)
		}
	}
	if thread.Section != 5 || thread.AlsoIn[0] != 12 {
		t.Errorf("the thread itself was changed: %+v", thread)
	}
}

func TestAccess_NeedsEverySectionOfAThread(t *testing.T) {
	thread := Thread{Section: 5, AlsoIn: []SectionID{12}, Starter: 3}
	for _, tt := range []struct {
		access Access
		member MemberID
		want   bool
	}{
		{Access{5: ReadAll, 12: ReadAll}, 9, true},
		{Access{5: ReadAll}, 9, false},
		{Access{12: ReadAll}, 9, false},
		{Access{5: ReadAll, 12: ReadOwn}, 9, false},
		{Access{5: ReadAll, 12: ReadOwn}, 3, true},
	} {
		if got := tt.access.MayRead(tt.member, &thread); got != tt.want {
			t.Errorf("member %d with %v may read = %t, want %t", tt.member, tt.access, got, tt.want)
		}
	}
}

func TestThread_UnderKeepsAllSections(t *testing.T) {
	thread := Thread{Section: 5, AlsoIn: []SectionID{12, 7}}
	if in := slices.Collect((&thread).InSections); !slices.Equal(in, []SectionID{5, 12, 7}) {
		t.Errorf("in %v", in)
	}
	under := thread.Under(7)
	if in := slices.Collect(under.InSections); !slices.Equal(in, []SectionID{7, 12, 5}) {
		t.Errorf("under 7: in %v", in)
	}
	if under := thread.Under(99); under.Section != 5 || thread.AlsoIn[1] != 7 {
		t.Errorf("under another section: %+v of %+v", under, thread)
	}
}
