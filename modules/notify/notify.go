// Package notify tells systemd how the process is, as sd_notify(3) has it: that it
// has started, that it stops, a line of status, and, as a watchdog, that it lives.
//
// All of it follows the health registry, so that systemd learns what probes are
// told. Where no NOTIFY_SOCKET is set nothing is done.
package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"

	"dagu/modules/health"
	"dagu/modules/routine"
)

const (
	// poll is how often the registry is looked at.
	poll = 100 * time.Millisecond
	// extend is how long a start may go on for from each time that it says so, which
	// it does every extendEvery; start_timeout ends one that takes too long.
	extend      = 10 * time.Second
	extendEvery = time.Second
	// patience bounds what a socket that nobody reads may hold up at the end.
	patience = time.Second
)

// Registry is what is told.
type Registry interface {
	// Phase is how far the process is.
	Phase() health.Phase
	// Verdict is the answer to a probe.
	Verdict(p health.Probe) health.Verdict
	// States lists what the answer depends on.
	States(p health.Probe) []health.State
}

// Options configure a Notifier.
type Options struct {
	// Watchdog is the time after which systemd ends a process that was not heard of;
	// 0 is none. A sign of life is sent twice in that time while ProbeLive is green.
	Watchdog time.Duration
	// Send sends lines to systemd, and does nothing where there is none.
	Send func(state string) error
}

// System are the Options for this process's own environment; without a
// NOTIFY_SOCKET nothing is sent. They are of use with an error too, which tells that
// there is no watchdog because its time cannot be read.
func System() (Options, error) {
	options := Options{Send: func(state string) error {
		_, err := daemon.SdNotify(false, state)
		return err
	}}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return options, fmt.Errorf("read WATCHDOG_USEC: %w", err)
	}
	options.Watchdog = watchdog
	return options, nil
}

// Notifier follows a registry between its start and its stop.
type Notifier struct {
	options  Options
	registry Registry
	log      *zap.Logger
	loop     routine.Routine

	// Of the loop alone.
	told     map[string]bool // lines that are told once
	status   string
	extended time.Time
	alive    time.Time
	failing  bool
}

// New returns a Notifier that does nothing until Start.
func New(options Options, registry Registry, log *zap.Logger) *Notifier {
	return &Notifier{options: options, registry: registry, log: log, told: make(map[string]bool)}
}

// Start launches the loop. A second call, and one after Stop, do nothing.
func (n *Notifier) Start(ctx context.Context) error {
	n.loop.Start(ctx, n.run)
	return nil
}

// Stop ends the loop, after a last look. One that nobody listens to is left alone
// after a second: there is nobody to miss it. It returns nil at all times, and may be
// called twice, and before Start.
func (n *Notifier) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := n.loop.Stop(ctx); err != nil {
		n.log.Warn("systemd was not told all: its socket does not take it", zap.Error(err))
	}
	return nil
}

func (n *Notifier) run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		n.runOnce(time.Now())
		select {
		case <-ctx.Done():
			n.runOnce(time.Now())
			return
		case <-ticker.C:
		}
	}
}

// runOnce sends what is news, and what is to be said again and again.
func (n *Notifier) runOnce(now time.Time) {
	var lines []string
	once := func(line string) {
		if !n.told[line] {
			n.told[line] = true
			lines = append(lines, line)
		}
	}
	switch n.registry.Phase() {
	case health.Starting:
		if now.Sub(n.extended) >= extendEvery {
			n.extended = now
			lines = append(lines, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", extend.Microseconds()))
		}
	case health.Running:
		once(daemon.SdNotifyReady)
	case health.Draining:
		once(daemon.SdNotifyStopping)
	}
	if status := n.words(); status != n.status {
		n.status = status
		lines = append(lines, "STATUS="+status)
	}
	if n.options.Watchdog > 0 && now.Sub(n.alive) >= n.options.Watchdog/2-poll && n.registry.Verdict(health.ProbeLive).Healthy {
		n.alive = now
		lines = append(lines, daemon.SdNotifyWatchdog)
	}
	if len(lines) > 0 {
		n.report(n.options.Send(strings.Join(lines, "\n")))
	}
}

// words are the line of status.
func (n *Notifier) words() string {
	phase := n.registry.Phase()
	if phase != health.Running {
		return phase.String()
	}
	var red []string
	for _, s := range n.registry.States(health.ProbeReady) {
		if s.Red {
			red = append(red, s.Name)
		}
	}
	if len(red) == 0 {
		return "running"
	}
	return "running, not ready: " + strings.Join(red, ", ")
}

// report logs when sending begins to fail and when it works again.
func (n *Notifier) report(err error) {
	switch {
	case err != nil && !n.failing:
		n.log.Warn("systemd is not told how the process is", zap.Error(err))
	case err == nil && n.failing:
		n.log.Info("systemd is told again how the process is")
	}
	n.failing = err != nil
}
