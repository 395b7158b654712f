package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/runflow/runflow/api"
)

// document is the published one, made strict: an answer must not have a member that it does not tell of.
var document = sync.OnceValues(func() (*openapi3.T, routers.Router) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document())
	if err != nil {
		panic(err)
	}
	no := false
	for _, name := range []string{"Task", "Step", "TaskList", "Stored", "Appended", "ProgressEvent", "LogEvent", "Flow", "FlowList", "Health", "Problem"} {
		doc.Components.Schemas[name].Value.AdditionalProperties.Has = &no
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	for _, contentType := range []string{"text/html", "text/css", "text/javascript", "image/svg+xml", "application/octet-stream"} {
		openapi3filter.RegisterBodyDecoder(contentType, func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			b, err := io.ReadAll(body)
			return string(b), err
		})
	}
	return doc, router
})

// TestDocument holds that the document is sound OpenAPI, its examples with it.
func TestDocument(t *testing.T) {
	doc, _ := document()
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

// TestRoutesInDocument holds that every route is in the document, and every operation of the document is a route.
func TestRoutesInDocument(t *testing.T) {
	doc, _ := document()
	var documented []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	slices.Sort(documented)
	routes := slices.Sorted(maps.Keys(start(t).api.Routes()))
	if !slices.Equal(documented, routes) {
		t.Errorf("documented:\n %s\nroutes:\n %s", strings.Join(documented, "\n "), strings.Join(routes, "\n "))
	}
}

// checked is a client's transport that holds every answer against the document.
type checked struct {
	t    testing.TB
	base http.RoundTripper
	url  string
}

func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.base.RoundTrip(r)
	if err != nil {
		return answer, err
	}
	if err := c.check(r, answer); err != nil {
		c.t.Errorf("%s %s: %d does not match the document: %v", r.Method, r.URL.Path, answer.StatusCode, err)
	}
	return answer, nil
}

func (c *checked) check(r *http.Request, answer *http.Response) error {
	if answer.Header.Get("X-Request-Id") == "" || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		c.t.Errorf("%s %s: without the headers that all answers have: %v", r.Method, r.URL.Path, answer.Header)
	}
	contentType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	endless := contentType == "text/event-stream" || contentType == "application/x-ndjson" || r.URL.Query().Has("follow")
	var body []byte
	if !endless {
		var err error
		if body, err = io.ReadAll(answer.Body); err != nil {
			answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
			return nil // the test sees it
		}
		answer.Body.Close()
		answer.Body = io.NopCloser(bytes.NewReader(body))
	}
	doc, router := document()
	asked := r.Clone(context.Background())
	asked.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	if r.Method == http.MethodHead {
		asked.Method, endless = http.MethodGet, true
	}
	route, params, err := router.FindRoute(asked)
	if err != nil || answer.StatusCode == http.StatusMethodNotAllowed { // no route: a problem all the same
		var v any
		if err := json.Unmarshal(body, &v); err != nil || contentType != "application/problem+json" {
			return err
		}
		return doc.Components.Schemas["Problem"].Value.VisitJSON(v)
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: endless || len(body) == 0}
	input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	if answer.StatusCode < 300 && r.GetBody != nil && r.Header.Get("Content-Type") == jsonType {
		if asked.Body, err = r.GetBody(); err != nil {
			return err
		}
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			return err
		}
	}
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.StatusCode, Header: answer.Header, Options: options,
	}
	return openapi3filter.ValidateResponse(context.Background(), output.SetBodyBytes(body))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
