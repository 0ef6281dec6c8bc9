package action

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// decodeJSON returns the value of a text that is one JSON value. Its numbers are int,
// float64 and *big.Int.
func decodeJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return nil, fmt.Errorf("the data is not valid JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the data is not valid JSON: something follows the value at byte %d", decoder.InputOffset())
	}
	return plain(v), nil
}

// plain gives the numbers of a nested value the types that jq works on. Lists and maps
// are changed in a copy.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = plain(item)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[key] = plain(item)
		}
		return m
	case int64:
		if i := int(v); int64(i) == v {
			return i
		}
		return big.NewInt(v)
	case uint64:
		return plain(json.Number(strconv.FormatUint(v, 10)))
	case json.Number:
		return numeral(v)
	}
	return v
}

// numeral returns the number of a literal; an integer of any size stays exact.
func numeral(v json.Number) any {
	if i, err := v.Int64(); err == nil {
		return plain(i)
	}
	if !strings.ContainsAny(v.String(), ".eE") {
		if i, ok := new(big.Int).SetString(v.String(), 10); ok {
			return i
		}
	}
	f, err := v.Float64()
	if err != nil { // too large
		return math.Copysign(math.MaxFloat64, f)
	}
	return f
}

// compact returns the JSON of a value: on one line, with sorted keys. The value may
// hold what plain returns.
func compact(v any) ([]byte, error) {
	if err := Measure(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	text, err := gojq.Marshal(plain(v))
	if err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return text, nil
}

// indented returns the JSON of a value with four blanks for each level.
func indented(v any) ([]byte, error) {
	text, err := compact(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "    "); err != nil {
		return nil, fmt.Errorf("indent JSON: %w", err)
	}
	return b.Bytes(), nil
}

// scalarText returns a value as a text: nothing for null, texts as they are, lists and
// maps as JSON.
func scalarText(v any) (string, error) {
	switch value := v.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	case []any, map[string]any:
		text, err := compact(value)
		return string(text), err
	}
	return textOf(v), nil
}
