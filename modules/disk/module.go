package disk

import (
	"context"
	"errors"
	"time"

	"go.uber.org/fx"

	"dagu/config"
	"dagu/modules/health"
)

// Module provides the check of the disks that runs are recorded on.
var Module = fx.Module("disk",
	fx.Provide(fx.Annotate(check, fx.ResultTags(`group:"checks"`))),
)

// check is red within 30 s of a fault.
func check(c config.Config) health.Check {
	return health.Check{Name: "disk", Period: 15 * time.Second, Deadline: 10 * time.Second, Run: func(ctx context.Context) error {
		return errors.Join(Check(ctx, c.Paths.DataDir), Check(ctx, c.Paths.LogDir))
	}}
}
