package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"dagu/config"
	"dagu/modules/health"
)

const (
	// probeTimeout bounds one request.
	probeTimeout = 5 * time.Second
	// probeAgain is the time between two questions of --wait.
	probeAgain = 100 * time.Millisecond
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 10

	webHealthPath = "/api/v1/health"
)

// question is what "dagu health" asks, and of whom.
type question struct {
	live, ready, startup, web, verbose bool
	url                                string

	config config.Config
}

// check tells of flags that exclude each other.
func (q *question) check() error {
	probes := 0
	for _, set := range []bool{q.live, q.ready, q.startup} {
		if set {
			probes++
		}
	}
	switch {
	case probes > 1:
		return errors.New("--live, --ready and --startup are three questions: ask one")
	case q.web && q.url != "":
		return errors.New("--web and --url are two addresses: give one")
	case q.web && probes > 0:
		return errors.New("--web cannot be combined with --live, --ready or --startup: the web server answers " + webHealthPath + " alone")
	case q.web && q.verbose:
		return errors.New("--web cannot be combined with --verbose: the web server gives no details")
	case q.url == "":
		return nil
	}
	u, err := url.Parse(q.url)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("--url: found %q, want an address such as http://127.0.0.1:8090", q.url)
	case u.Path != "" && u.Path != "/" && probes > 0:
		return fmt.Errorf("--url: %s has a path already: leave out --live, --ready and --startup, or the path", q.url)
	default:
		return nil
	}
}

func (q *question) probe() health.Probe {
	switch {
	case q.live:
		return health.ProbeLive
	case q.ready:
		return health.ProbeReady
	case q.startup:
		return health.ProbeStartup
	default:
		return health.ProbeHealth
	}
}

// place is where a question goes.
type place struct {
	// root is the server's, and url what is asked for the verdict.
	root, url string
	// instance is what the server has to confirm; "" is nothing.
	instance string
}

// find is where to ask.
func (q *question) find() (place, error) {
	path := q.probe().Path()
	if q.web {
		root := "http://" + dial(q.config.Host, q.config.Port) + q.config.BasePath
		return place{root: root, url: root + webHealthPath}, nil
	}
	if q.url != "" {
		u, err := url.Parse(q.url)
		if err != nil {
			return place{}, err
		}
		root := u.Scheme + "://" + u.Host
		if u.Path == "" || u.Path == "/" {
			return place{root: root, url: root + path}, nil
		}
		return place{root: root, url: q.url}, nil
	}
	address, err := health.ReadAddress(filepath.Join(q.config.Paths.DataDir, health.AddressFile))
	switch {
	case err == nil:
		return place{root: address.URL, url: address.URL + path, instance: address.Instance}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return place{}, err
	case q.config.Scheduler.Port == 0:
		return place{}, errors.New("the health server is turned off (scheduler.port is 0)")
	default:
		return q.configured(""), nil
	}
}

// configured is where the configuration has the scheduler listen.
func (q *question) configured(instance string) place {
	root := "http://" + dial(q.config.Scheduler.Host, q.config.Scheduler.Port)
	return place{root: root, url: root + q.probe().Path(), instance: instance}
}

// askUntil asks until the answer is healthy or the time is over. The address is
// looked up anew each time: the scheduler may just be starting.
func (q *question) askUntil(ctx context.Context, wait time.Duration) healthReport {
	deadline := time.Now().Add(wait)
	again := time.NewTicker(probeAgain)
	defer again.Stop()
	for {
		report := q.ask(ctx)
		if report.Status == string(health.StatusHealthy) || !time.Now().Before(deadline) {
			return report
		}
		select {
		case <-ctx.Done():
			return report
		case <-again.C:
		}
	}
}

// unreachable is the status when nothing of ours answers.
const unreachable = "unreachable"

func unreachableAt(url string) healthReport {
	return healthReport{healthAnswer: healthAnswer{Status: unreachable}, URL: url}
}

// ask asks once, and for the details where those are wanted.
func (q *question) ask(ctx context.Context) healthReport {
	at, err := q.find()
	if err != nil {
		report := unreachableAt("")
		report.Error = err.Error()
		return report
	}
	report := at.get(ctx, at.url)
	if report.Status == unreachable && at.instance != "" && q.config.Scheduler.Port != 0 {
		report, at = q.askOther(ctx, report, at)
	}
	if !q.verbose || report.Status == unreachable {
		return report
	}
	if report.detailed() {
		return report // the URL that was given asks for them by itself
	}
	path := q.probe().Path()
	if path == health.Path { // it has no details of its own
		path = health.ReadyPath
	}
	details := at.get(ctx, at.root+path+"?verbose")
	report.Checks = details.Checks
	if !details.detailed() && report.Error == "" {
		report.Error = "it gives no details: they are for callers on its own machine, unless scheduler.details is true"
	}
	return report
}

// askOther asks where the configuration points to, when the scheduler that wrote the
// address file last is not to be found: one that shares its data directory confirms
// that, also from another network namespace. Any other program there is not believed.
func (q *question) askOther(ctx context.Context, report healthReport, at place) (healthReport, place) {
	other := q.configured(at.instance)
	if other.url == at.url {
		return report, at
	}
	if found := other.get(ctx, other.url); found.Status != unreachable {
		return found, other
	}
	return report, at
}

// get sends one request.
func (p place) get(ctx context.Context, url string) healthReport {
	report := unreachableAt(url)
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		report.Error = err.Error()
		return report
	}
	if p.instance != "" {
		request.Header.Set(health.InstanceHeader, p.instance)
	}
	response, err := new(http.Transport).RoundTrip(request) // no proxy: it is our own machine
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) && p.instance != "":
		report.Error = "connection refused: the scheduler that wrote the address file has died"
		return report
	case err != nil:
		report.Error = err.Error()
		return report
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written to it
	if response.Header.Get(health.InstanceHeader) != p.instance {
		report.Error = "another program answers there, and not the scheduler that wrote the address file"
		return report
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&report.healthAnswer)
	if err != nil || !report.plausible(response.StatusCode) {
		report = unreachableAt(url)
		report.Error = fmt.Sprintf("answered %s, which is no health answer: is another program on the port?", response.Status)
	}
	return report
}

// dial is an address that reaches a server which listens on host and port.
func dial(host string, port int) string {
	switch ip := net.ParseIP(host); {
	case ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
