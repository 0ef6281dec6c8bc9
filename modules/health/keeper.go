package health

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// lookAgain is the time between two looks at who wrote the address file last.
const lookAgain = time.Second

// keeper keeps the address file in step with where the server listens, and knows who
// wrote it last: that may be another scheduler of the data directory, for which this
// one answers too. It has a goroutine of its own, since the data directory may hang.
type keeper struct {
	path     string
	instance string
	url      func() string
	log      *zap.Logger
	wake     chan struct{}
	// last is the instance in the file; nil and "" are none.
	last atomic.Pointer[string]
}

// knows tells whether the text is that of this instance, or of the one that wrote the
// file last. It reads memory only.
func (k *keeper) knows(text string) bool {
	last := k.last.Load()
	return text != "" && (text == k.instance || last != nil && text == *last)
}

// look reads who wrote the file last.
func (k *keeper) look() {
	address, err := ReadAddress(k.path)
	if err != nil { // nobody, as far as anybody can tell
		address.Instance = ""
	}
	k.last.Store(&address.Instance)
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
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			k.look()
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
