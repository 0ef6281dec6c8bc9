package health

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// When a connection cannot be accepted for lack of descriptors or memory, the
// next attempt comes after acceptRetry, and a client that has been idle for
// spareIdle is dropped: a probe that is on its way is not.
const (
	acceptRetry = 10 * time.Millisecond
	spareIdle   = time.Second
)

// door is a listener that bears with a shortage of descriptors, and that lets
// in who is waiting before it closes. Accept is called by one goroutine.
type door struct {
	net.Listener
	ctx   context.Context //nolint:containedctx // Accept has no context of its own
	crowd *crowd
	log   *zap.Logger
	short bool // of descriptors
	// spare is a descriptor that is kept for the next client when there are none left:
	// a process that cannot open a file must still tell so. nil while a client has it.
	spare *os.File
}

// Accept returns an error only when the door is shut or the listener is broken.
func (d *door) Accept() (net.Conn, error) {
	for {
		d.save()
		conn, err := d.Listener.Accept()
		if err != nil && isShortage(err) && d.lend() {
			conn, err = d.Listener.Accept()
		}
		switch {
		case err == nil:
			if d.short {
				d.short = false
				d.log.Info("health server accepts connections again", zap.Stringer("address", d.Addr()))
			}
			return conn, nil
		case d.ctx.Err() != nil:
			_ = d.Close() // at once: who connects from now on is refused, and not reset
			d.lend()
			return nil, net.ErrClosed
		case !isShortage(err):
			d.lend()
			return nil, err
		}
		if !d.short {
			d.short = true
			d.log.Error("health server cannot accept connections; it closes idle ones and tries again",
				zap.Stringer("address", d.Addr()), zap.Error(err))
		}
		d.crowd.makeRoom(spareIdle)
		d.pause()
	}
}

// save takes a descriptor back, or for the first time, if there is one.
func (d *door) save() {
	if d.spare == nil {
		d.spare, _ = os.Open(os.DevNull) // it fails while a client has the last one
	}
}

// lend gives the spare descriptor away and tells whether there was one.
func (d *door) lend() bool {
	if d.spare == nil {
		return false
	}
	_ = d.spare.Close() // nothing was written
	d.spare = nil
	return true
}

func (d *door) pause() {
	timer := time.NewTimer(acceptRetry)
	defer timer.Stop()
	select {
	case <-d.ctx.Done():
	case <-timer.C:
	}
}

// shut ends Accept after a grace for the connections that the kernel holds already.
func (d *door) shut() {
	if l, ok := d.Listener.(interface {
		SetDeadline(deadline time.Time) error
	}); ok {
		if l.SetDeadline(time.Now().Add(acceptGrace)) == nil {
			return
		}
	}
	_ = d.Close() // Accept returns whatever becomes of it
}

func isShortage(err error) bool {
	for _, shortage := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}
