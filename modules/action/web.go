package action

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// webAddress judges a text that must be a URL of the web.
func webAddress(v any) error {
	u, err := url.Parse(textOf(v))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("must be a URL that begins with http:// or https://, not %q", textOf(v))
	}
	return nil
}

// statusCode judges a number that must be a status of HTTP.
func statusCode(v any) error {
	if i, _ := integer(v); i < 100 || i > 599 {
		return errors.New("must be a status from 100 to 599")
	}
	return nil
}

// scalarMap judges a map whose values must be texts, numbers or booleans.
func scalarMap(v any) error {
	m, _ := v.(map[string]any)
	for key, value := range m {
		if !isScalar(value) {
			return fmt.Errorf("%s must be a text, number or boolean, not %s", key, describe(value))
		}
	}
	return nil
}

// setHeaders sets the headers of a request; Host is one of them.
func setHeaders(request *http.Request, headers map[string]any) {
	for name, value := range headers {
		request.Header.Set(name, textOf(value))
		if http.CanonicalHeaderKey(name) == "Host" {
			request.Host = textOf(value)
		}
	}
}
