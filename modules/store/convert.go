package store

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// nanos is how a time is stored: nanoseconds since 1970, 0 for the zero time.
// What lies outside the range (1677 to 2262) is moved to its nearest end.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Year() < 1678:
		return math.MinInt64
	case t.Year() > 2261:
		return math.MaxInt64
	default:
		return t.UnixNano()
	}
}

// instant is the time that nanos stored.
func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// listText is how a list is stored: JSON, and "" when it is empty.
func listText(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encode list: %w", err)
	}
	return string(text), nil
}

func parseList(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("decode list %q: %w", text, err)
	}
	return list, nil
}

// textsText is how texts by key are stored: a JSON object, and "" when there are none.
func textsText(texts map[string]string) (string, error) {
	if len(texts) == 0 {
		return "", nil
	}
	text, err := json.Marshal(texts)
	if err != nil {
		return "", fmt.Errorf("encode texts: %w", err)
	}
	return string(text), nil
}

func parseTexts(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var texts map[string]string
	if err := json.Unmarshal([]byte(text), &texts); err != nil {
		return nil, fmt.Errorf("decode texts %q: %w", text, err)
	}
	return texts, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
