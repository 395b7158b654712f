// Package api is RunFlow over HTTP: the REST calls, the streams of events (SSE, NDJSON, long poll, a followed log), the
// problems that errors are answered with, metrics and the OpenAPI document. Echo stays inside: no other package sees it.
//
// # Usage
//
//	server := api.New(api.Config{Tasks: service, View: view, Log: log, Flows: catalog, Ready: ready, Version: version})
//	http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
//	…
//	server.Drain(ctx, 10*time.Second) // before http.Server.Shutdown, which waits for streams but does not end them
//
// http.Server may have a ReadTimeout and a WriteTimeout: streams lift them for themselves.
//
// # Guarantees, and the test that holds each
//
//   - An answer to a report says that it is stored (TestReportForms).
//   - A stream of one task has strictly rising ids and ends behind the final event, which comes once; a client that comes
//     back after it gets 204 (TestResumeExact).
//   - A followed log has every line of the task, once (TestFollowLog).
//   - Every route is in openapi.json and the reverse, and every answer of the test suite is as it says (TestRoutesInDocument).
//   - An answer of status 500 tells nothing of its cause but a request id; a panic costs its request alone (TestPanic).
//
// # What is not guaranteed
//
//   - That a stream which was answered with an error stored nothing: what came before the line that the error names is
//     stored, and so may be some that came behind it.
package api
