package action

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// httpRequest asks a server of the web.
func httpRequest() *Definition {
	return &Definition{
		Name:    "http.request",
		Older:   []string{"http"},
		Summary: "Send an HTTP request and print the answer. A status other than 2xx fails the step.",
		Open:    true,
		Fields: []Field{
			{Name: "method", Kind: KindText, Required: true, Doc: "The method, such as GET."},
			{Name: "url", Kind: KindText, Required: true, Check: webAddress, Doc: "The URL, http or https."},
			{Name: "timeout", Kind: KindNumber, Check: notNegative, Doc: "How long the request may take, in seconds; 0, the default, is as long as the step."},
			{Name: "headers", Kind: KindMap, Check: headerMap, Doc: "Headers of the request."},
			{Name: "query", Kind: KindMap, Check: scalarMap, Doc: "Parameters that are added to those of the URL."},
			{Name: "body", Kind: KindAny, Doc: "The body: a text, or a list or map that is sent as JSON."},
			{Name: "form", Kind: KindMap, Check: scalarMap, Doc: "Fields of a form."},
			{Name: "files", Kind: KindMap, Check: scalarMap, Doc: "Files that are uploaded: their paths by the names of the fields."},
			{Name: "silent", Kind: KindBoolean, Doc: "Print only the body of a good answer."},
			{Name: "debug", Kind: KindBoolean, Doc: "Print the request and the status to stderr."},
			{Name: "skip_tls_verify", Kind: KindBoolean, Doc: "Accept every certificate of the server."},
			{Name: "format", Kind: KindText, OneOf: []string{"json", "text"}, Doc: "json prints one JSON object; text is the default."},
			{Name: "json", Kind: KindBoolean, Doc: "The same as format: json."},
			{Name: "output", Kind: KindText, Check: named, Doc: "The path of a file that the body of a good answer is written to."},
		},
		Check: func(with Values) []Problem {
			for _, key := range []string{"form", "files"} {
				if with.Has("body") && with.Has(key) {
					return []Problem{{Key: key, Message: "cannot stand beside body"}}
				}
			}
			return nil
		},
		Run: func(ctx context.Context, c *Call) error { return (&exchange{call: c}).run(ctx) },
	}
}

func notNegative(v any) error {
	if f, ok := number(v); !ok || f < 0 {
		return errors.New("must be a number of 0 or more")
	}
	return nil
}

// longest is how much a timeout can be, in seconds; more has no room in a time.Duration.
const longest = 1e9

// exchange is a request with its answer.
type exchange struct {
	call     *Call
	response *http.Response
}

func (x *exchange) run(ctx context.Context) error {
	with := x.call.With
	if seconds := with.Number("timeout", 0); seconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(min(seconds, longest)*float64(time.Second)))
		defer cancel()
	}
	request, err := x.request(ctx)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: with.Bool("skip_tls_verify")}, //nolint:gosec // the user says so
	}
	defer transport.CloseIdleConnections()
	if with.Bool("debug") {
		_, _ = fmt.Fprintf(x.call.Stderr, "%s %s\n", request.Method, request.URL.Redacted())
	}
	if x.response, err = (&http.Client{Transport: transport}).Do(request); err != nil { //nolint:bodyclose // closed below
		return fmt.Errorf("http request: %w", err)
	}
	defer func() { _ = x.response.Body.Close() }()
	if with.Bool("debug") {
		_, _ = fmt.Fprintln(x.call.Stderr, x.response.Status)
	}
	err = x.print()
	if x.good() {
		return err
	}
	bad := fmt.Errorf("http status code not 2xx: %d", x.response.StatusCode)
	if err != nil {
		return fmt.Errorf("%w: %w", bad, err)
	}
	return bad
}

// good tells whether the status is 2xx.
func (x *exchange) good() bool { return x.response.StatusCode/100 == 2 }

// request makes the request.
func (x *exchange) request(ctx context.Context) (*http.Request, error) {
	with := x.call.With
	body, kind, err := x.body()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(with.Text("method")), with.Text("url"), body)
	if err != nil {
		return nil, fmt.Errorf("make http request: %w", err)
	}
	if query := with.Map("query"); len(query) > 0 {
		more := url.Values{}
		for name, value := range query {
			more.Set(name, textOf(value))
		}
		// What the URL has stays as it is written: some servers verify that, or take what Go does not.
		request.URL.RawQuery = strings.TrimPrefix(request.URL.RawQuery+"&"+more.Encode(), "&")
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	setHeaders(request, with.Map("headers"))
	return request, nil
}

// body returns the body of the request with its type; "" is none.
func (x *exchange) body() (io.Reader, string, error) {
	with := x.call.With
	switch {
	case with.Has("files"):
		return x.upload()
	case with.Has("form"):
		form := url.Values{}
		for name, value := range with.Map("form") {
			form.Set(name, textOf(value))
		}
		return strings.NewReader(form.Encode()), "application/x-www-form-urlencoded", nil
	case with.Has("body") && !isScalar(with["body"]):
		text, err := compact(with["body"])
		return bytes.NewReader(text), "application/json", err
	}
	return strings.NewReader(with.Text("body")), "", nil
}

// upload returns the body of a form with files.
func (x *exchange) upload() (io.Reader, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	form, files := x.call.With.Map("form"), x.call.With.Map("files")
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if err := w.WriteField(name, textOf(form[name])); err != nil {
			return nil, "", fmt.Errorf("make form: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := x.call.Path(textOf(files[name]))
		data, err := readFile(path)
		if err != nil {
			return nil, "", fmt.Errorf("read file %s: %w", path, err)
		}
		part, err := w.CreateFormFile(name, filepath.Base(path))
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			return nil, "", fmt.Errorf("make form: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("make form: %w", err)
	}
	return &b, w.FormDataContentType(), nil
}

// print writes the answer in the form that was asked for.
func (x *exchange) print() error {
	with := x.call.With
	if with.Text("format") == "json" || with.Bool("json") {
		return x.printJSON()
	}
	if !with.Bool("silent") || !x.good() {
		var head strings.Builder
		head.WriteString(x.response.Status + "\n")
		for _, name := range slices.Sorted(maps.Keys(x.response.Header)) {
			for _, value := range x.response.Header[name] {
				head.WriteString(name + ": " + value + "\n")
			}
		}
		if err := writeOut(x.call.Stdout, []byte(head.String())); err != nil {
			return err
		}
	}
	if with.Has("output") && x.good() {
		_, err := x.save()
		return err
	}
	if _, err := io.Copy(x.call.Stdout, x.response.Body); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// answer is the JSON form of an answer.
type answer struct {
	StatusCode int         `json:"status_code"`
	Headers    http.Header `json:"headers"`
	Body       any         `json:"body,omitempty"`
	Output     string      `json:"output,omitempty"`
}

func (x *exchange) printJSON() error {
	a := answer{StatusCode: x.response.StatusCode, Headers: x.response.Header}
	if x.call.With.Has("output") && x.good() {
		path, err := x.save()
		if err != nil {
			return err
		}
		a.Output = path
	} else {
		text, err := io.ReadAll(io.LimitReader(x.response.Body, maxInput+1))
		switch {
		case err != nil:
			return fmt.Errorf("read answer: %w", err)
		case len(text) > maxInput:
			return fmt.Errorf("the answer is larger than %d bytes", maxInput)
		case !json.Valid(text):
			return errors.New("the body of the answer is not valid JSON")
		}
		a.Body = json.RawMessage(text)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(a); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return writeOut(x.call.Stdout, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// save writes the body to the file of output, and returns its path.
func (x *exchange) save() (string, error) {
	path := x.call.Path(x.call.With.Text("output"))
	if err := replaceFile(path, x.response.Body); err != nil {
		return "", fmt.Errorf("write output %s: %w", path, err)
	}
	return path, nil
}
