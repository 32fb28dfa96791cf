package cli

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"postrider/internal/finding"
)

func TestDescriptorsFinding_WarnsBelowWhatRunNeeds(t *testing.T) {
	for limit, want := range map[uint64]finding.Level{enoughDescriptors - 1: finding.LevelWarn, enoughDescriptors: finding.LevelOK, 1 << 20: finding.LevelOK} {
		list := descriptorsFinding(limit)
		if len(list) != 1 || list[0].Level != want || !strings.Contains(list[0].Text, fmt.Sprint(limit)) || (want == finding.LevelWarn) != strings.Contains(list[0].Fix, "LimitNOFILE") {
			t.Errorf("with %d descriptors: %+v, want level %s and the limit", limit, list, want)
		}
	}
	if list := descriptorsFinding(0); list != nil {
		t.Errorf("with an unknown limit: %+v", list)
	}
}

func TestPageConns_StayBelowDescriptors(t *testing.T) {
	for descriptors, want := range map[uint64]int{0: maxPageConns, 64: minPageConns, 256: minPageConns, 1024: 241, 4096: 1265, 1 << 20: maxPageConns, 1 << 62: maxPageConns} {
		if got := pageConns(descriptors); got != want {
			t.Errorf("with %d descriptors a listener accepts %d connections, want %d", descriptors, got, want)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited := limitConns(l)
	if limited == l {
		t.Error("the listener has no limit")
	}
	limited.Close()
}
