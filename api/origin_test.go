package api_test

import "testing"

func TestOtherSitesAreRefused(t *testing.T) {
	h := start(t)
	for _, header := range [][]string{{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		problem := h.want(403, "POST", "/tasks", `{"title":"x"}`, header...)
		if problem["code"] != "forbidden" {
			t.Errorf("%v: %v", header, problem)
		}
	}
	h.want(201, "POST", "/tasks", `{"title":"x"}`, "Sec-Fetch-Site", "same-origin", "Origin", "http://behind.a.proxy")
	h.want(201, "POST", "/tasks", `{"title":"x"}`, "Origin", h.url)
}
