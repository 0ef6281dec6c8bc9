package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const mask = "********"

// format writes a value for people.
func format(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case time.Duration:
		return formatDuration(v)
	case *time.Location:
		return v.String()
	case []string:
		return strings.Join(v, ", ")
	case []Queue:
		list := make([]string, len(v))
		for i, q := range v {
			list[i] = q.Name + "=" + strconv.Itoa(q.MaxConcurrency)
		}
		return strings.Join(list, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// formatDuration is Duration.String without units that are zero: 5m, not 5m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
