package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

func TestRun_ServesMetrics(t *testing.T) {
	t.Parallel()
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p := newTestForum(t, fmt.Sprintf("metrics.listen = %q", address), `web.listen = ""`)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		args := []string{"run", "-c", p.config, "--mail-dir", t.TempDir()}
		ended <- Run(ctx, args, io.Discard, &bytes.Buffer{}, func(string) string { return "" })
	}()
	servertest.Await(t, func() error {
		response, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && !strings.Contains(string(text), "\npostrider_last_scan_timestamp_seconds 1.") {
			err = fmt.Errorf("no scan of the forum yet: %.200s", text)
		}
		return err
	})
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d", code)
	}
}
