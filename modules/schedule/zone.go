package schedule

import (
	"sync"
	"time"
)

// zones keeps the zones that expressions name, so that thousands of schedules
// share a handful. Only names that could be loaded enter: the time zone database
// bounds it.
var zones sync.Map //nolint:gochecknoglobals // a cache of what never changes, behind a pure function

// zone returns the zone of the given name, always the same one.
func zone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		if loc, is := known.(*time.Location); is {
			return loc, nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	known, _ := zones.LoadOrStore(loc.String(), loc)
	if first, is := known.(*time.Location); is {
		loc = first
	}
	return loc, nil
}
