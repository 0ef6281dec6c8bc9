package scheduler

import (
	"context"
	"fmt"
	"time"

	"dagu/modules/fault"
)

// maxAhead is how far a mark may lie ahead of the clock, which daemons slew.
const maxAhead = time.Minute

// CheckMarks tells that a schedule is decided further than a minute ahead of the
// wall clock; nil is time.Now. The clock was wrong once, or is now: until it has
// caught up the schedule does not start anything.
func CheckMarks(ctx context.Context, marks Marks, wall Wall) error {
	mark, err := marks.NewestMark(ctx)
	if err != nil {
		return err
	}
	if wall == nil {
		wall = fault.Now
	}
	if ahead := mark.Sub(wall()); !mark.IsZero() && ahead > maxAhead {
		return fmt.Errorf("a schedule is decided up to %s, which is %s ahead of the clock", mark.UTC().Format(time.RFC3339), ahead.Round(time.Second))
	}
	return nil
}
