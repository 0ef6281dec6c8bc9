package schedule

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// zones keeps the zones that expressions name, so that thousands of schedules
// share a handful. Only zones that could be loaded enter it: the time zone
// database bounds it.
var zones sync.Map //nolint:gochecknoglobals // a cache of what never changes, behind a pure function

// loadZone returns the zone of the given name, always the same one.
func loadZone(name string) (*time.Location, error) {
	known, ok := zones.Load(name)
	if !ok {
		loc, err := time.LoadLocation(name)
		if err != nil {
			return nil, err
		}
		known, _ = zones.LoadOrStore(strings.Clone(name), loc)
	}
	loc, ok := known.(*time.Location)
	if !ok {
		return nil, fmt.Errorf("zone %s is a %T", name, known)
	}
	return loc, nil
}

// zone reads the prefix that names a zone; nil when the first word is none.
func (p *parser) zone(words []span) (*time.Location, *ParseError) {
	word := words[0]
	key, name, ok := strings.Cut(p.at(word), "=")
	upper := strings.ToUpper(key)
	if upper != "TZ" && upper != "CRON_TZ" {
		return nil, nil
	}
	switch {
	case !ok:
		return nil, p.fail(word, "time zone", "%s is not followed by =Zone, e.g. %s=Europe/Berlin", key, upper)
	case key != upper:
		return nil, p.fail(word, "time zone", "the prefix is spelled TZ= or CRON_TZ=").suggest(upper + "=" + name)
	case name == "":
		return nil, p.fail(word, "time zone", "no zone follows %s= at once, e.g. %s=Europe/Berlin", key, key)
	case len(words) > 1 && strings.Contains(p.at(words[1]), "TZ="):
		return nil, p.fail(words[1], "time zone", "%q is a second time zone; one is allowed", clip(p.at(words[1])))
	}
	loc, err := loadZone(name)
	if err != nil {
		at := span{word.end - len(name), word.end}
		message := fmt.Sprintf("unknown time zone %q", clip(name))
		if !strings.HasPrefix(err.Error(), "unknown time zone") {
			message += ": " + clip(err.Error())
		}
		return nil, p.fail(at, "time zone", "%s", message).suggest(nearestZone(name))
	}
	return loc, nil
}
