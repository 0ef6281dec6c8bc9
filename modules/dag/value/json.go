package value

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON returns plain data as JSON without blanks, with the keys of maps in their order
// and <, > and & as they are. The error is that of a number that JSON has no form for.
func JSON(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// jsonText is JSON for a text, or a map of texts and JSON, which always have a form.
func jsonText(v any) string {
	text, err := JSON(v)
	if err != nil {
		return `""`
	}
	return text
}
