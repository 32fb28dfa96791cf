package daemon

import (
	"testing"

	"postrider/daemon/settings"
	"postrider/digest"
)

func TestDeliveryConfig_AllowList(t *testing.T) {
	tests := []struct {
		name    string
		only    []string
		address string
		want    bool
	}{
		{"without a list all addresses", nil, "anna@example.org", true},
		{"listed address", []string{"bo@example.org", "Anna@Example.org"}, "anna@example.org", true},
		{"address in a listed domain", []string{"@EXAMPLE.org"}, "anna@example.org", true},
		{"address not listed", []string{"bo@example.org"}, "anna@example.org", false},
		{"a domain with the same ending", []string{"@example.org"}, "anna@notexample.org", false},
		{"a subdomain", []string{"@example.org"}, "anna@mail.example.org", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (settings.Delivery{AllowList: tt.only}).Allows(tt.address); got != tt.want {
				t.Errorf("admits(%s) = %v, want %v", tt.address, got, tt.want)
			}
		})
	}
}

func TestDeliver_SendsOnlyToAllowList(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Delivery.AllowList = []string{address("anna")}
	w.restart()
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	report := w.round()
	w.wantMessages("anna", posts(p))
	w.wantMessages("carl")
	if report.Skipped[digest.ReasonNotAllowListed] == 0 {
		t.Errorf("skipped = %v, want Carl's edition among them", report.Skipped)
	}
}
