package action

import (
	"fmt"
	"strconv"
	"strings"
)

// Has tells whether a field is given and not null.
func (v Values) Has(name string) bool { return v[name] != nil }

// Text returns a scalar as text; "" when the field is not given.
func (v Values) Text(name string) string { return textOf(v[name]) }

// TextOr returns a scalar as text, and otherwise when the field is not given.
func (v Values) TextOr(name, otherwise string) string {
	if !v.Has(name) {
		return otherwise
	}
	return v.Text(name)
}

// Bool returns a boolean; false when the field is not given.
func (v Values) Bool(name string) bool { return v.BoolOr(name, false) }

// BoolOr returns a boolean, and otherwise when the field is not given.
func (v Values) BoolOr(name string, otherwise bool) bool {
	if b, ok := boolean(v[name]); ok {
		return b
	}
	return otherwise
}

// Int returns an integer, and otherwise when the field is not given.
func (v Values) Int(name string, otherwise int64) int64 {
	if i, ok := integer(v[name]); ok {
		return i
	}
	return otherwise
}

// Number returns a number, and otherwise when the field is not given.
func (v Values) Number(name string, otherwise float64) float64 {
	if f, ok := number(v[name]); ok {
		return f
	}
	return otherwise
}

// Texts returns a list of scalars as texts, or a scalar as a list of one.
func (v Values) Texts(name string) []string {
	switch value := v[name].(type) {
	case nil:
		return nil
	case []any:
		texts := make([]string, len(value))
		for i, item := range value {
			texts[i] = textOf(item)
		}
		return texts
	default:
		return []string{textOf(value)}
	}
}

// Map returns a map; nil when the field is not given.
func (v Values) Map(name string) map[string]any {
	m, _ := v[name].(map[string]any)
	return m
}

// textOf turns a scalar into text as references do: numbers in plain decimal form.
func textOf(v any) string {
	switch value := v.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func isScalar(v any) bool {
	switch v.(type) {
	case string, bool, int64, float64:
		return true
	}
	return false
}

func integer(v any) (int64, bool) {
	switch value := v.(type) {
	case int64:
		return value, true
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		return i, err == nil
	}
	return 0, false
}

func number(v any) (float64, bool) {
	switch value := v.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, value-value == 0
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return f, err == nil && f-f == 0
	}
	return 0, false
}

func boolean(v any) (is, ok bool) {
	switch value := v.(type) {
	case bool:
		return value, true
	case string:
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return false, false
}

// describe names what a value is, for errors.
func describe(v any) string {
	switch value := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case bool:
		return "a boolean"
	case string:
		return strconv.Quote(value)
	default:
		return textOf(value)
	}
}
