package store

import "dagu/modules/schedule"

// Schedule is what the entry says, in its zone. The error tells that this program
// does not understand it: another version of it has recorded it, or the machine's
// time zone database lacks the zone.
func (e Entry) Schedule() (*schedule.Schedule, error) {
	return schedule.Restore(e.Text, e.Zone)
}
