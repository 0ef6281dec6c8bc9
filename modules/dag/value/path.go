package value

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// segment is one part of a path into JSON: a key, or the index into a list.
type segment struct {
	key   string
	index int
	list  bool
}

// nextSegment reads the part of a path that begins at text[i]: .key, ."key", ["key"]
// or [index], before whose bracket a dot may stand. A negative index counts from the end.
// Where none begins, next is i.
func nextSegment(text string, i int) (s segment, next int, ok bool) {
	begin := i
	if i < len(text) && text[i] == '.' {
		i++
		if end := nameEnd(text, i); end > i {
			return segment{key: text[i:end]}, end, true
		}
		if s.key, next, ok = quoted(text, i); ok {
			return s, next, true
		}
	}
	if i == len(text) || text[i] != '[' {
		return s, begin, false
	}
	i++
	if s.key, next, ok = quoted(text, i); !ok {
		s.list = true
		s.index, next, ok = parseInt(text, i)
	}
	if !ok || next == len(text) || text[next] != ']' {
		return s, begin, false
	}
	return s, next + 1, true
}

// quoted reads a JSON string.
func quoted(text string, i int) (s string, next int, ok bool) {
	if i == len(text) || text[i] != '"' {
		return "", i, false
	}
	for next = i + 1; next < len(text) && text[next] != '"'; next++ {
		if text[next] == '\\' {
			next++
		}
	}
	if next >= len(text) {
		return "", i, false
	}
	next++
	err := json.Unmarshal([]byte(text[i:next]), &s)
	return s, next, err == nil
}

// dig returns what a path leads to in a JSON text, as text; an empty path leads to
// the text itself, whatever it is. There is nothing where the text is no JSON or has
// no such part.
func (r *resolver) dig(text, path string) (string, bool) {
	if path == "" {
		return text, true
	}
	raw := json.RawMessage(text)
	for path != "" {
		s, next, ok := nextSegment(path, 0)
		if !ok || r.spend(len(raw)) {
			return "", false
		}
		if raw, ok = s.in(raw); !ok {
			return "", false
		}
		path = path[next:]
	}
	return plainJSON(raw), true
}

// in returns the part of a JSON object or array that the segment names.
func (s segment) in(raw json.RawMessage) (json.RawMessage, bool) {
	if !s.list {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, false
		}
		v, ok := object[s.key]
		return v, ok
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, false
	}
	at := s.index
	if at < 0 {
		at += len(list)
	}
	if at < 0 || at >= len(list) {
		return nil, false
	}
	return list[at], true
}

// plainJSON turns a JSON value into text: a string loses its quotes, a number is
// written in decimal without exponent, and objects and arrays are made compact.
func plainJSON(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	case '{', '[':
		var b bytes.Buffer
		if json.Compact(&b, raw) == nil {
			return b.String()
		}
	case 't', 'f', 'n':
	default:
		if f, err := strconv.ParseFloat(string(raw), 64); err == nil && strings.ContainsAny(string(raw), ".eE") {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return string(raw)
}
