package schedule

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// zoneNames are the names of the time zone database, sorted, one a line. They
// serve to suggest a name; which ones exist is for package time to say.
//
//go:embed zones.txt
var zoneNames string

// nearestZone returns the zone that a wrong name probably means, or "".
func nearestZone(name string) string {
	name = strings.Trim(name, `"':`)
	wanted := foldZone(name)
	names := strings.Fields(zoneNames)
	for _, n := range names {
		if foldZone(n) == wanted {
			return n
		}
	}
	if strings.HasPrefix(wanted, "utc") || strings.HasPrefix(wanted, "gmt") {
		return fixedZone(name[3:])
	}
	for _, n := range names {
		if isPlace(n) && lastPart(foldZone(n)) == lastPart(wanted) {
			return n
		}
	}
	const shortest, longest = 6, 40
	if len(name) < shortest || len(name) > longest {
		return ""
	}
	return nearest(name, names, 2)
}

// foldZone removes what people spell differently.
func foldZone(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// isPlace reports whether the name ends in a place that has one zone, rather than
// in a word such as Eastern or GMT+2 that means several things.
func isPlace(name string) bool {
	area, _, ok := strings.Cut(name, "/")
	switch area {
	case "Brazil", "Canada", "Chile", "Etc", "Mexico", "US":
		return false
	default:
		return ok
	}
}

// fixedZone spells a difference from UTC as the database does, with the other sign.
func fixedZone(text string) string {
	n, err := strconv.Atoi(text)
	if err != nil || n < -12 || n > 14 {
		return ""
	}
	return fmt.Sprintf("Etc/GMT%+d", -n)
}
