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
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/health"
)

const (
	// probeTimeout bounds one question.
	probeTimeout = 5 * time.Second
	// probeAgain is the time between two questions of --wait.
	probeAgain = 100 * time.Millisecond
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 4 << 10
)

func newHealth() *cobra.Command {
	c := &cobra.Command{
		Use:     "health",
		GroupID: groupLook,
		Short:   "Ask the running scheduler whether it is healthy",
		Long: `Ask the running scheduler whether it is healthy. Exit code 0: it is; 1: it is
not, or nothing answers.

The scheduler is found by the address file in the data directory, else at
scheduler.host and scheduler.port; with --web, the web server at host and port is
asked. No store is opened and nothing is created, so this works as the health
check of a container.`,
		Example: `  dagu health
  dagu health --wait 30s && echo up
  dagu health --web --format json`,
		Args: noArguments,
	}
	web := c.Flags().Bool("web", false, "ask the web server of start-all or server")
	wait := c.Flags().Duration("wait", 0, "ask again for this long until the answer is healthy")
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := loadQuietly(c)
		if err != nil {
			return err
		}
		report := askUntil(c.Context(), *wait, func() (string, error) { return healthURL(loaded.Config, *web) })
		if f.value == formatJSON {
			err = printJSON(c.OutOrStdout(), report)
		} else {
			_, err = fmt.Fprintln(c.OutOrStdout(), report)
		}
		if err == nil && report.Status != string(health.StatusHealthy) {
			err = codeError{exitFailed}
		}
		return err
	}
	c.AddCommand(newHealthDoctor())
	return c
}

// healthReport is what one question, or the last of several, brought.
type healthReport struct {
	Status string `json:"status"`
	URL    string `json:"url,omitempty"`
	Error  string `json:"error,omitempty"`
}

// String is one line for people.
func (r healthReport) String() string {
	line := r.Status
	if r.URL != "" {
		line += " " + r.URL
	}
	if r.Error != "" {
		line += ": " + r.Error
	}
	return line
}

// askUntil asks until the answer is healthy or the time is over. The address is
// looked up anew each time: the scheduler may just be starting.
func askUntil(ctx context.Context, wait time.Duration, find func() (string, error)) healthReport {
	deadline := time.Now().Add(wait)
	again := time.NewTicker(probeAgain)
	defer again.Stop()
	for {
		report := healthReport{Status: "unreachable"}
		url, err := find()
		if err == nil {
			report = ask(ctx, url)
		} else {
			report.Error = err.Error()
		}
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

// healthURL is where to ask.
func healthURL(c config.Config, web bool) (string, error) {
	if web {
		return "http://" + dial(c.Host, c.Port) + c.BasePath + "/api/v1/health", nil
	}
	address, err := health.ReadAddress(filepath.Join(c.Paths.DataDir, health.AddressFile))
	switch {
	case err == nil:
		return address.URL + "/health", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	case c.Scheduler.Port == 0:
		return "", errors.New("the health server is turned off (scheduler.port is 0)")
	default:
		return "http://" + dial(c.Scheduler.Host, c.Scheduler.Port) + "/health", nil
	}
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

// ask sends one question.
func ask(ctx context.Context, url string) healthReport {
	report := healthReport{Status: "unreachable", URL: url}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		report.Error = err.Error()
		return report
	}
	response, err := new(http.Transport).RoundTrip(request) // no proxy: it is our own machine
	if err != nil {
		report.Error = err.Error()
		return report
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written to it
	var body struct {
		Status string `json:"status"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&body)
	if err != nil || body.Status == "" {
		report.Error = fmt.Sprintf("answered %s, which is no health answer: is another program on the port?", response.Status)
		return report
	}
	report.Status = body.Status
	return report
}
