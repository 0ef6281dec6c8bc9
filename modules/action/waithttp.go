package action

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// waitHTTP waits until a server answers as wanted.
func waitHTTP() *Definition {
	return &Definition{
		Name:    "wait.http",
		Summary: "Wait until a URL answers with a status. What keeps it from answering is waited out.",
		Fields: []Field{
			{Name: "url", Kind: KindText, Required: true, Check: webAddress, Doc: "The URL, http or https."},
			{Name: "method", Kind: KindText, Doc: "The method; GET by default."},
			{Name: "status", Kind: KindInteger, Check: statusCode, Doc: "The status that is waited for; 200 by default."},
			{Name: "headers", Kind: KindMap, Check: headerMap, Doc: "Headers of the request."},
			{Name: "body", Kind: KindText, Doc: "The body of the request."},
			{Name: "poll_interval", Kind: KindText, Check: positive, Doc: "The time between two requests; 1s by default."},
			{Name: "request_timeout", Kind: KindText, Check: positive, Doc: "How long one request may take; 10s by default."},
		},
		Run: func(ctx context.Context, c *Call) error {
			// Each wait has connections of its own, which end with it.
			transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			if wanted := c.With.Int("status", http.StatusOK); wanted/100 == 3 { // following it would hide it
				client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			}
			return poll(ctx, c.With.duration("poll_interval", time.Second), func() (bool, error) { return answers(ctx, c, client) })
		},
	}
}

// defaultRequestTimeout bounds one request of wait.http.
const defaultRequestTimeout = 10 * time.Second

// answers tells whether the server answers with the status. Only a request that can
// never be made is an error.
func answers(ctx context.Context, c *Call, client *http.Client) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.With.duration("request_timeout", defaultRequestTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(c.With.TextOr("method", http.MethodGet)), c.With.Text("url"),
		strings.NewReader(c.With.Text("body")))
	if err != nil {
		return false, fmt.Errorf("make request: %w", err)
	}
	setHeaders(request, c.With.Map("headers"))
	response, err := client.Do(request)
	if err != nil {
		return false, nil // what does not answer is waited for
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, drained) // so that the connection can be used again
	return int64(response.StatusCode) == c.With.Int("status", http.StatusOK), nil
}

// drained is how much of a body that nobody wants is read, in bytes.
const drained = 64 << 10
