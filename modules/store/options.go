package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Options configure a Store.
type Options struct {
	// Dir is the absolute path of the data directory; it is created with its parents when missing.
	Dir string
	// URL names a database server. Only "" is known: SQLite in Dir.
	URL string
	// AllowNetworkFS opens the database although Dir is on a network file
	// system, where locks and shared memory of several machines do not work.
	AllowNetworkFS bool
	// ReadOnly opens what is there, and neither makes, migrates nor changes anything:
	// every write fails with ErrReadOnly, and Start where there is no database of
	// this program's version.
	ReadOnly bool
	// WriteTimeout bounds each call; 0 is 5 s.
	WriteTimeout time.Duration
	// KeepOccurrences is how long the outcomes of due times are kept; 0 is 30 days.
	KeepOccurrences time.Duration
	// Pulse is beaten on every turn of the writer; nil is none.
	Pulse Pulse
	// Now tells the time that is recorded; nil is time.Now.
	Now func() time.Time
	// Metrics are counted in; nil counts nothing.
	Metrics *Metrics
}

func (o Options) complete() (Options, error) {
	switch {
	case o.URL != "":
		return o, errors.New("store: database.url is set, but SQLite in the data directory is the only database so far: leave it empty")
	case !filepath.IsAbs(o.Dir):
		return o, fmt.Errorf("store: Dir is %q, want the absolute path of the data directory", o.Dir)
	case o.WriteTimeout < 0:
		return o, errors.New("store: WriteTimeout is negative")
	case o.KeepOccurrences < 0:
		return o, errors.New("store: KeepOccurrences is negative")
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 5 * time.Second
	}
	if o.KeepOccurrences == 0 {
		o.KeepOccurrences = 30 * 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pulse == nil {
		o.Pulse = silent{}
	}
	return o, nil
}
