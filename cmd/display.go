package cmd

import (
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"dagu/modules/store"
)

// frame is the time between two pictures: what moves seems to move.
const frame = 100 * time.Millisecond

// display shows on a terminal how the steps of a run come along: a few lines at
// its lower end that are drawn again and again. The log goes through it, and
// scrolls by above. All methods may be called at once.
type display struct {
	file *os.File
	quit chan struct{}
	done chan struct{}

	mu sync.Mutex
	// drawn is how many lines stand there now.
	drawn   int
	started bool
	closed  bool
	view    progress
}

// newDisplay returns a display that shows nothing before start.
func newDisplay(file *os.File) *display {
	return &display{file: file, quit: make(chan struct{}), done: make(chan struct{}), view: progress{paint: paintFor(file)}}
}

// start shows a run. It is called once.
func (d *display) start(run store.Run) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started || d.closed {
		return
	}
	d.started, d.view.run = true, run
	go d.turn()
}

// turn draws until close. A run that is over within a frame shows nothing.
func (d *display) turn() {
	defer close(d.done)
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.redraw()
		case <-d.quit:
			return
		}
	}
}

// close takes the display off the terminal. What is written later passes through.
func (d *display) close() {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return
	}
	d.closed = true
	close(d.quit)
	d.put(d.erasure())
	started := d.started
	d.mu.Unlock()
	if started {
		<-d.done
	}
}

// Begun is part of runner.Observer.
func (d *display) Begun(steps []store.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.view.steps = slices.Clone(steps)
}

// Changed is part of runner.Observer.
func (d *display) Changed(step store.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := slices.BinarySearchFunc(d.view.steps, step.Index, func(s store.Step, index int) int { return s.Index - index })
	if ok {
		d.view.steps[at] = step
	}
}

// Write puts lines of the log above the display.
func (d *display) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	erasure := d.erasure()
	n, err := d.file.Write(append(erasure, text...))
	n = max(n-len(erasure), 0)
	if err == nil && len(text) > 0 && text[len(text)-1] == '\n' {
		d.draw()
	}
	return n, err
}

// redraw replaces the picture.
func (d *display) redraw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draw()
}

// draw puts the picture where the cursor is, or over the one that stands there.
func (d *display) draw() {
	if d.closed || !d.started {
		return
	}
	width, height, err := term.GetSize(int(d.file.Fd()))
	if err != nil || width < 1 || height < 1 {
		width, height = 80, 24
	}
	lines := d.view.lines(time.Now(), width, height)
	out := d.erasure()
	for _, line := range lines {
		out = append(out, line...)
		out = append(out, '\n')
	}
	d.drawn = len(lines)
	d.put(out)
}

// erasure is what takes the picture away; the cursor is where it began then.
func (d *display) erasure() []byte {
	if d.drawn == 0 {
		return nil
	}
	out := append([]byte("\r"), cursorUp(d.drawn)...)
	d.drawn = 0
	return append(out, eraseBelow...)
}

func (d *display) put(out []byte) {
	if len(out) > 0 {
		_, _ = d.file.Write(out) // a terminal that is gone has nobody to tell
	}
}

var _ io.Writer = (*display)(nil)
