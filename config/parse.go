package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parser turns the text of a value into its type. Its error says what is
// allowed; the place and what was found are added by the caller.
type parser func(text string, from base) (any, error)

func parseText(text string, _ base) (any, error) { return text, nil }

func parsePath(text string, from base) (any, error) {
	path, err := from.path(text)
	if err != nil {
		return nil, err
	}
	return path, nil
}

func parseBool(text string, _ base) (any, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "t", "yes", "y", "on", "1":
		return true, nil
	case "false", "f", "no", "n", "off", "0":
		return false, nil
	}
	return nil, errors.New("want true or false")
}

// parseInt accepts the whole numbers from least to most, written in decimal.
func parseInt(least, most int) parser {
	return func(text string, _ base) (any, error) {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < least || n > most {
			return nil, fmt.Errorf("want a whole number from %d to %d", least, most)
		}
		return n, nil
	}
}

// parseDuration accepts durations with a unit from least to MaxDuration.
func parseDuration(least time.Duration) parser {
	return func(text string, _ base) (any, error) {
		text = strings.TrimSpace(text)
		d, err := time.ParseDuration(text)
		if err != nil {
			if _, err := strconv.ParseFloat(text, 64); err == nil && regexp.MustCompile(`^[0-9.]+$`).MatchString(text) {
				return nil, fmt.Errorf("want a duration with a unit; did you mean %q?", text+"s")
			}
			return nil, errors.New(`want a duration such as "30s", "5m" or "1h30m"`)
		}
		if d < least {
			return nil, fmt.Errorf("want at least %s", formatDuration(least))
		}
		if d > MaxDuration {
			return nil, fmt.Errorf("want at most %s", formatDuration(MaxDuration))
		}
		return d, nil
	}
}

// parseChoice accepts one of a few words, in any case.
func parseChoice(choices ...string) parser {
	return func(text string, _ base) (any, error) {
		for _, choice := range choices {
			if strings.EqualFold(strings.TrimSpace(text), choice) {
				return choice, nil
			}
		}
		return nil, fmt.Errorf("want %s", strings.Join(choices, " or "))
	}
}

func parseZone(text string, _ base) (any, error) {
	loc, err := time.LoadLocation(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("want the name of a time zone, such as Europe/Berlin, UTC or Local")
	}
	return loc, nil
}

func parseShell(text string, _ base) (any, error) {
	if strings.TrimSpace(text) == "direct" {
		return nil, errors.New("want a shell with its arguments, such as \"bash -e\"; commands are never run without one")
	}
	return text, nil
}

// parseBasePath accepts an absolute URL path; the root is the same as none.
func parseBasePath(text string, _ base) (any, error) {
	path := strings.TrimRight(strings.TrimSpace(text), "/")
	if path == "" {
		return "", nil
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("want a path that begins with a slash; did you mean %q?", "/"+path)
	}
	if !regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`).MatchString(path) || regexp.MustCompile(`/\.{1,2}(/|$)`).MatchString(path) {
		return nil, errors.New("want a path such as /dagu, of letters, digits and . _ ~ -")
	}
	return path, nil
}

func parseHTTPURL(text string, _ base) (any, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errors.New("want a URL that begins with http:// or https://")
	}
	return text, nil
}

// parseUsername keeps to what HTTP basic authentication can carry (RFC 7617, section 2).
func parseUsername(text string, _ base) (any, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r == ':' || r < ' ' || r == 0x7f }) {
		return nil, errors.New("want a name without colons and control characters")
	}
	return text, nil
}

// parseDatabase refuses every URL: history is stored in SQLite only, and to
// ignore where somebody wants it stored would be worse than not to start.
func parseDatabase(string, base) (any, error) {
	return nil, errors.New("other databases are not supported; leave it empty for SQLite in the data directory")
}
