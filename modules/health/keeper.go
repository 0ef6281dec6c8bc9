package health

import (
	"context"
	"errors"
	"os"
	"time"

	"go.uber.org/zap"
)

// keeper keeps the address file in step with where the server listens. It has
// a goroutine of its own, since the data directory may hang.
type keeper struct {
	path     string
	instance string
	url      func() string
	log      *zap.Logger
	wake     chan struct{}
}

func (k *keeper) changed() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *keeper) run(ctx context.Context) {
	if k.path == "" {
		return
	}
	written := ""
	for {
		select {
		case <-k.wake:
			written = k.runOnce(written)
		case <-ctx.Done():
			if written != "" {
				k.remove()
			}
			return
		}
	}
}

// runOnce makes the file say what is so, and returns the URL that it has said.
func (k *keeper) runOnce(written string) string {
	url := k.url()
	switch url {
	case written:
	case "":
		k.remove()
	default:
		address := Address{URL: url, PID: os.Getpid(), Instance: k.instance, Started: time.Now().UTC()}
		if err := writeAddress(k.path, address); err != nil {
			// One that a past server has left would make callers take this one for another program.
			err = errors.Join(err, dropAddress(k.path))
			k.log.Warn("address file was not written; dagu health goes by the configuration instead", zap.Error(err))
		}
	}
	return url
}

func (k *keeper) remove() {
	if err := removeAddress(k.path, k.instance); err != nil {
		k.log.Warn("address file was left behind", zap.Error(err))
	}
}
