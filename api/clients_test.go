package api_test

import (
	"net/http"
	"testing"

	"github.com/runflow/runflow/progress/nodetest"
)

func TestNotificationsReachStreams(t *testing.T) {
	h := start(t)
	r := h.open(t.Context(), "GET", "/events", http.NoBody)
	defer r.Body.Close()
	next := sseEvents(t, r.Body)
	nodetest.Eventually(t, "the stream is a client", func() bool {
		list := h.want(200, "GET", "/clients", "")["clients"].([]any)
		return len(list) == 1 && list[0].(map[string]any)["transport"] == "sse"
	})
	if got := h.want(200, "POST", "/notifications", `{"data":{"text":"hello"}}`, "Content-Type", jsonType); got["delivered"] != 1.0 {
		t.Errorf("answer %v", got)
	}
	if e, _ := next(); e.name != "notification" || e.id != "" || e.data["text"] != "hello" {
		t.Errorf("event %+v", e)
	}
	for body, status := range map[string]int{
		`{"data":1,"clientId":"nobody"}`:       404,
		`{"data":1,"clientId":"a","room":"b"}`: 422,
		`{"room":"b"}`:                         422,
		`{"data":1,"to":"all"}`:                422,
		`nonsense`:                             400,
	} {
		h.want(status, "POST", "/notifications", body, "Content-Type", jsonType)
	}
	if got := h.want(200, "POST", "/notifications", `{"data":1,"room":"empty"}`); got["delivered"] != 0.0 {
		t.Errorf("answer %v", got)
	}
}
