package dag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"dagu/modules/dag/value"
)

// ItemText returns an item, or a value of a call's parameters, as the text that
// references insert and a DAG gets for it: booleans and numbers as references have them, lists and maps as compact
// JSON, nil as "".
func ItemText(v any) string {
	switch known := v.(type) {
	case nil:
		return ""
	case string:
		return known
	case bool:
		return strconv.FormatBool(known)
	case int64:
		return strconv.FormatInt(known, 10)
	case float64:
		return strconv.FormatFloat(known, 'f', -1, 64)
	case json.RawMessage:
		return rawText(known)
	case json.Number:
		return rawText(json.RawMessage(known))
	}
	text, err := value.JSON(v)
	if err != nil {
		return fmt.Sprint(v) // an infinity
	}
	return text
}

// rawText is ItemText of a JSON value, whose maps keep their order.
func rawText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text // null is ""
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil {
		if !bytes.ContainsAny(raw, ".eE") {
			return string(raw)
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return string(raw)
	}
	return out.String()
}

// SplitItems splits a text into items, each as ItemText returns it: the entries of a
// JSON array; a JSON object as one; else what line breaks separate; else, where double
// quotes group, what blanks outside of them do; else what the most frequent of tab,
// "|", ";" and "," separates; else what blanks separate. Entries are trimmed, and
// empty ones dropped.
func SplitItems(text string) []string {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "["):
		var list []json.RawMessage
		if json.Unmarshal([]byte(trimmed), &list) == nil {
			items := make([]string, len(list))
			for i, raw := range list {
				items[i] = rawText(raw)
			}
			return items
		}
	case strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed)):
		return []string{rawText(json.RawMessage(trimmed))}
	}
	return cleanItems(separate(text))
}

func separate(text string) []string {
	if strings.ContainsAny(text, "\r\n") {
		return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	}
	if grouped, ok := splitGroups(text); ok {
		return grouped
	}
	most, by := 0, ""
	for _, separator := range [...]string{"\t", "|", ";", ","} {
		if n := strings.Count(text, separator); n > most {
			most, by = n, separator
		}
	}
	if most > 0 {
		return strings.Split(text, by)
	}
	return strings.Fields(text)
}

// splitGroups splits a text at blanks outside of double quotes; false when there are
// no pairs of them.
func splitGroups(text string) (groups []string, ok bool) {
	if n := strings.Count(text, `"`); n == 0 || n%2 == 1 {
		return nil, false
	}
	var group strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ' ' || r == '\t'):
			groups = append(groups, group.String())
			group.Reset()
		default:
			group.WriteRune(r)
		}
	}
	return append(groups, group.String()), true
}

func cleanItems(items []string) []string {
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return slices.DeleteFunc(items, func(item string) bool { return item == "" })
}

// CallParams returns the parameters that a step calls a DAG with as the words of
// [BindParams], and as one text for people. They are a text, which is split; a map of
// values by name, or a list of such maps with one key and of texts, which are taken as
// they are. The error is a quote that is not closed, or a name that no parameter has.
func CallParams(v any) (words []string, text string, err error) {
	switch params := v.(type) {
	case string:
		words, err = SplitParams(params)
		return words, strings.TrimSpace(params), err
	case map[string]any:
		words, err = appendNamed(nil, params)
	case []any:
		for i, entry := range params {
			m, isMap := entry.(map[string]any)
			switch {
			case !isMap:
				words = append(words, ItemText(entry))
			case len(m) != 1:
				err = fmt.Errorf("params[%d] must be a text or a map with one key", i)
			default:
				words, err = appendNamed(words, m)
			}
			if err != nil {
				break
			}
		}
	case nil:
	default:
		words = []string{ItemText(v)}
	}
	return words, joinParams(words), err
}

func appendNamed(words []string, named map[string]any) ([]string, error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !validName(name) {
			errs = append(errs, fmt.Errorf("params name %q must match %s", name, namePattern))
			continue
		}
		if v := named[name]; v != nil {
			words = append(words, name+"="+ItemText(v))
		}
	}
	return words, errors.Join(errs...)
}

// joinParams writes words as a text that splits into them again.
func joinParams(words []string) string {
	quote := func(text string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	}
	list := make([]string, len(words))
	for i, word := range words {
		name, text, named := strings.Cut(word, "=")
		switch {
		case named && validName(name):
			list[i] = name + "=" + quote(text)
		case word == "" || strings.ContainsAny(word, " \t\r\n\"'\\"):
			list[i] = quote(word)
		default:
			list[i] = word
		}
	}
	return strings.Join(list, " ")
}
