package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/store"
)

// Modes of access.
const (
	// ModeNone lets everybody in.
	ModeNone = "none"
	// ModeBasic asks for one user's name and password (RFC 7617).
	ModeBasic = "basic"
)

// Options configure a Server.
type Options struct {
	// Host and Port are where to listen; "" is 127.0.0.1, and port 0 lets the
	// system choose one, see Server.URL.
	Host string
	Port int
	// BasePath is put before all paths, such as /dagu; "" is none.
	BasePath string
	// Mode is ModeNone, ModeBasic, or "" for ModeNone on loopback.
	Mode string
	// Username and Password are those of ModeBasic.
	Username, Password string
	// Died is called when serving ends without Stop; nil does nothing.
	Died func(error)
}

// complete checks the options and fills what is left out.
func (o Options) complete() (Options, error) {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.Died == nil {
		o.Died = func(error) {}
	}
	o.BasePath = strings.TrimRight(o.BasePath, "/")
	switch {
	case o.Port < 0 || o.Port > 65535:
		return o, fmt.Errorf("web port %d: must be between 0 and 65535", o.Port)
	case o.BasePath != "" && o.BasePath[0] != '/':
		return o, fmt.Errorf("web base path %q: must begin with /", o.BasePath)
	case o.Mode == ModeBasic && (o.Username == "" || o.Password == ""):
		return o, errors.New("auth.mode basic needs auth.basic.username and auth.basic.password")
	case o.Mode == "" && !isLoopback(o.Host):
		return o, fmt.Errorf("the web UI on %s can be reached from other machines: choose who may use it. "+
			"Set auth.mode (DAGU_AUTH_MODE) to basic, with auth.basic.username and auth.basic.password "+
			"(DAGU_AUTH_BASIC_USERNAME, DAGU_AUTH_BASIC_PASSWORD), or to none to let everybody in", o.Host)
	case o.Mode != "" && o.Mode != ModeNone && o.Mode != ModeBasic:
		return o, fmt.Errorf("auth.mode %q: must be %s or %s", o.Mode, ModeNone, ModeBasic)
	}
	return o, nil
}

// isLoopback tells whether only this machine reaches the host.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || (err == nil && addr.IsLoopback())
}

// Catalog is what the web needs of the DAG directory.
type Catalog interface {
	// Snapshot lists all entries, sorted by name.
	Snapshot() []catalog.Entry
	// Lookup finds the entry of a name.
	Lookup(name string) (catalog.Entry, bool)
}

// Store is what the web needs of the store.
type Store interface {
	// LastRuns is the newest run of each DAG.
	LastRuns(ctx context.Context) (map[string]store.Run, error)
	// Runs lists runs, newest first.
	Runs(ctx context.Context, f store.Filter) ([]store.Run, error)
	// Run is one run.
	Run(ctx context.Context, id string) (store.Run, error)
	// Steps are those of an attempt.
	Steps(ctx context.Context, runID string, attempt int) ([]store.Step, error)
	// Children are the runs inside of a run.
	Children(ctx context.Context, parent string) ([]store.Run, error)
	// Enqueue puts a run into its queue.
	Enqueue(ctx context.Context, n store.NewRun) (store.Run, error)
	// RequestStop asks for the end of open runs and tells of how many.
	RequestStop(ctx context.Context, dag, runID string) (int, error)
	// Suspend and Resume change whether a DAG starts by its schedule.
	Suspend(ctx context.Context, dag string, at time.Time) error
	Resume(ctx context.Context, dag string, at time.Time) error
	// Suspensions lists those that last.
	Suspensions(ctx context.Context) ([]store.Suspension, error)
}
