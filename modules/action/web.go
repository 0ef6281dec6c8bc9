package action

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// webAddress judges a text that must be a URL of the web.
func webAddress(v any) error {
	u, err := url.Parse(textOf(v))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("must be a URL that begins with http:// or https://, not %q", textOf(v))
	}
	if port := u.Port(); port != "" {
		if _, err = strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("must have a port up to 65535, not %s", port)
		}
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

// headerMap judges a map of headers: one that cannot be sent is as wrong with the next
// request (RFC 9110, sections 5.1 and 5.5).
func headerMap(v any) error {
	if err := scalarMap(v); err != nil {
		return err
	}
	m, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		switch value := textOf(m[name]); {
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }):
			return fmt.Errorf("must have names of letters, digits and signs such as -, not %q", name)
		case strings.ContainsFunc(value, func(r rune) bool { return r == 0x7f || (r < ' ' && r != '\t') }):
			return fmt.Errorf("%s must be one line without control characters", name)
		}
	}
	return nil
}

// tokenRune tells whether a name may hold it.
func tokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
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
