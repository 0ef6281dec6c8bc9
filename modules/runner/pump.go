package runner

import (
	"errors"
	"fmt"
	"os"
	"time"

	"dagu/modules/runner/mask"
)

// waitDelay is how long after the end of a process its streams may be held open
// by what it started in the background.
const waitDelay = 2 * time.Second

// pump copies one stream of a process to its log file, to a second file, and
// into memory, as far as each is wanted: without the secrets to the files, and as it
// is into memory. It owns the files and closes them.
type pump struct {
	// Writer is the process's end.
	writer *os.File

	reader    *os.File
	log, copy *os.File // copy may be nil
	limit     int      // of kept; -1 keeps nothing
	secrets   *mask.Stream
	done      chan struct{}

	// Set once done is closed.
	kept    []byte
	tooMuch bool
	logErr  error
	copyErr error
}

// startPump starts a goroutine that ends when every writer has closed the
// stream, or with finish.
func startPump(log, second *os.File, limit int, secrets *mask.Masker) (*pump, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("create pipe: %w", err)
	}
	p := &pump{writer: writer, reader: reader, log: log, copy: second, limit: limit, secrets: secrets.Stream(), done: make(chan struct{})}
	go p.run()
	return p, nil
}

func (p *pump) run() {
	defer close(p.done)
	defer func() {
		_ = p.reader.Close()
		_ = p.log.Close()
		if p.copy != nil {
			p.copyErr = errors.Join(p.copyErr, p.copy.Close())
		}
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := p.reader.Read(buffer)
		p.take(buffer[:n])
		if err != nil { // the end, or that of the delay
			p.show(p.secrets.End())
			return
		}
	}
}

// take goes on after errors, since the process must not block on a full pipe.
func (p *pump) take(data []byte) {
	p.show(p.secrets.Next(data))
	if p.limit < 0 || p.tooMuch {
		return
	}
	if p.tooMuch = len(p.kept)+len(data) > p.limit; p.tooMuch {
		p.kept = nil
		return
	}
	p.kept = append(p.kept, data...)
}

// show writes what others may see.
func (p *pump) show(data []byte) {
	if len(data) == 0 {
		return
	}
	if p.logErr == nil {
		_, p.logErr = p.log.Write(data)
	}
	if p.copy != nil && p.copyErr == nil {
		_, p.copyErr = p.copy.Write(data)
	}
}

// finish closes our end of the stream and waits for its own end: not longer than
// delay, and not after killed is closed. It tells whether the files are written;
// otherwise one of them does not answer, and the goroutine is left to it.
func (p *pump) finish(delay time.Duration, killed <-chan struct{}) bool {
	_ = p.writer.Close()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
	case <-killed:
	}
	_ = p.reader.SetReadDeadline(time.Unix(1, 0)) // it fails when the goroutine has just ended
	timer.Reset(waitDelay)
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}
