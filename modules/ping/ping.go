// Package ping tells a dead man's switch that the scheduler is well: a service that
// raises an alarm when it was not asked for too long.
package ping

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"dagu/modules/health"
	"dagu/modules/routine"
)

const (
	// maxTimeout bounds one request, and maxBody what is read of the answer.
	maxTimeout = 10 * time.Second
	maxBody    = 64 << 10
	// look is how often the registry is looked at while a ping is due.
	look = time.Second
)

// Options configure a Pinger.
type Options struct {
	// URL is asked for when the process is ready, and then every Interval; one that it
	// is not ready for is made up for within a second of its being ready again. "" is never.
	URL      string
	Interval time.Duration
}

// Registry says whether all is well.
type Registry interface {
	// Verdict is the answer to a probe.
	Verdict(p health.Probe) health.Verdict
}

// Pinger asks for a URL while the process is ready, between its start and its stop.
type Pinger struct {
	options  Options
	registry Registry
	client   *http.Client
	log      *zap.Logger
	loop     routine.Routine
	failing  bool // of the loop alone
}

// New returns a Pinger that does nothing until Start. It fails when there is a URL
// and no interval.
func New(options Options, registry Registry, log *zap.Logger) (*Pinger, error) {
	if options.URL != "" && options.Interval <= 0 {
		return nil, fmt.Errorf("ping: the interval is %s, want more than 0", options.Interval)
	}
	return &Pinger{
		options: options, registry: registry, log: log,
		client: &http.Client{Timeout: min(maxTimeout, max(options.Interval/2, time.Millisecond))},
	}, nil
}

// Start launches the loop. Without a URL, a second time and after Stop it does nothing.
func (p *Pinger) Start(ctx context.Context) error {
	if p.options.URL != "" {
		p.loop.Start(ctx, p.run)
	}
	return nil
}

// Stop ends the loop and the request that is under way. It may be called twice, and
// before Start.
func (p *Pinger) Stop(ctx context.Context) error {
	if err := p.loop.Stop(ctx); err != nil {
		return fmt.Errorf("stop pinging: %w", err)
	}
	p.client.CloseIdleConnections()
	return nil
}

func (p *Pinger) run(ctx context.Context) {
	again := min(look, p.options.Interval)
	timer := time.NewTimer(again)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if !p.registry.Verdict(health.ProbeReady).Healthy {
			timer.Reset(again)
			continue
		}
		timer.Reset(p.options.Interval) // before the ping, so that its time does not add up
		p.report(ctx, p.ping(ctx))
	}
}

func (p *Pinger) ping(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.options.URL, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "dagu")
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()                                          //nolint:errcheck // nothing was written to it
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)) // so that the connection can be used again
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("it answered %s", response.Status)
	}
	return err
}

// report logs when pings begin to fail and when they work again. Only the host is
// told: the path is what identifies the user to the service.
func (p *Pinger) report(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // it is what the client returns, and it has the URL in it
		err = e.Err
	}
	host := ""
	if u, e := url.Parse(p.options.URL); e == nil {
		host = u.Host
	}
	switch {
	case err != nil && !p.failing:
		p.log.Warn("ping_url does not take pings; they go on", zap.String("host", host), zap.Error(err))
	case err == nil && p.failing:
		p.log.Info("ping_url takes pings again", zap.String("host", host))
	}
	p.failing = err != nil
}
