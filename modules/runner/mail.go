package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"dagu/modules/action"
	"dagu/modules/dag"
	"dagu/modules/mail"
	"dagu/modules/runlog"
	"dagu/modules/runner/guard"
	"dagu/modules/store"
)

// The sizes of what is attached to a mail, in bytes.
const (
	maxAttachment = 10 << 20
	// maxAttachedLog is how much of the end of a log is attached.
	maxAttachedLog = 1 << 20
)

// sendFrom returns what sends the mails of a step, with what its texts may name.
func (x *run) sendFrom(s scope) func(ctx context.Context, m action.Message) error {
	return func(ctx context.Context, m action.Message) error {
		message := mail.Message{From: m.From, To: addresses(m.To), Subject: m.Subject, Body: m.Body}
		for _, path := range m.Attachments {
			data, err := x.attached(ctx, path)
			if err != nil {
				return err
			}
			message.Attachments = append(message.Attachments, mail.Attachment{Name: filepath.Base(path), Data: data})
		}
		return x.send(ctx, s, message)
	}
}

// send sends a mail through the workflow's server.
func (x *run) send(ctx context.Context, s scope, m mail.Message) error {
	authored := x.dag.SMTP
	if authored == nil {
		return errors.New("send mail: the DAG has no smtp")
	}
	server := mail.Server{
		Host: s.values.Expand(authored.Host), Username: s.values.Expand(authored.Username), Password: s.values.Expand(authored.Password),
		TLS: x.runner.options.MailTLS,
	}
	if text := strings.TrimSpace(s.values.Expand(authored.Port)); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return fmt.Errorf("send mail: smtp.port %q is not a port", text)
		}
		server.Port = int(port)
	}
	return mail.Send(ctx, server, m)
}

// attached reads a file that is to be attached.
func (x *run) attached(ctx context.Context, path string) ([]byte, error) {
	return guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) ([]byte, error) {
		if err := touch.At("attachment " + path); err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, fmt.Errorf("attach file: %w", err)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("attach %s: it is not a regular file", path)
		case info.Size() > maxAttachment:
			return nil, fmt.Errorf("attach %s: it is larger than %d bytes", path, maxAttachment)
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("attach file: %w", err)
		}
		defer func() { _ = file.Close() }()
		return io.ReadAll(io.LimitReader(file, maxAttachment))
	}, nil)
}

// mailEnd sends the mail about the end of the run that its workflow wants. A mail
// that cannot be sent changes nothing about the run.
func (x *run) mailEnd(ctx context.Context, result store.Result) {
	if x.dag == nil {
		return
	}
	var header *dag.Mail
	switch result.Status {
	case store.StatusFailed:
		if x.dag.MailOn.Failure {
			header = x.dag.ErrorMail
		}
	case store.StatusSucceeded, store.StatusPartiallySucceeded:
		if x.dag.MailOn.Success {
			header = x.dag.InfoMail
		}
	default:
	}
	if header == nil || x.steps == nil {
		return
	}
	steps := x.steps.all()
	var body strings.Builder
	fmt.Fprintf(&body, "%s %s after %s.\n\nRun: %s\nLog: %s\n", x.dag.Name, result.Status,
		time.Since(x.began).Round(time.Millisecond), x.rec.ID, x.files.LogFile())
	if result.Error != "" {
		fmt.Fprintf(&body, "\n%s\n", result.Error)
	}
	body.WriteString("\n" + table(steps))
	x.tellByMail(ctx, header, string(result.Status), body.String(), steps)
}

// mailFailure sends the mail about a step that has failed, unless the run is killed.
func (x *run) mailFailure(ctx context.Context, t task) {
	if x.dag.ErrorMail == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	x.tasks.Go(func() {
		select {
		case <-x.killed:
			cancel()
		case <-ctx.Done():
		}
	})
	s := t.body.states.get(t.pos)
	body := fmt.Sprintf("Step %s of %s failed.\n\nRun: %s\nLog: %s\n\n%s\n", t.title(), x.dag.Name, x.rec.ID, x.files.LogFile(), x.failure(s))
	x.tellByMail(ctx, x.dag.ErrorMail, "step "+t.title()+" failed", body, []store.Step{*s})
}

// tellByMail sends a mail about the run.
func (x *run) tellByMail(ctx context.Context, header *dag.Mail, what, body string, steps []store.Step) {
	s := x.root
	m := mail.Message{
		From: s.values.Expand(header.From), Subject: strings.TrimSpace(fmt.Sprintf("%s %s (%s)", s.values.Expand(header.Prefix), x.dag.Name, what)),
		Body: body,
	}
	for _, to := range header.To {
		m.To = append(m.To, s.values.Expand(to))
	}
	m.To = addresses(m.To)
	if header.AttachLogs {
		m.Attachments = x.attachedLogs(ctx, steps)
	}
	if err := x.send(ctx, s, m); err != nil {
		x.warn("the mail about the run was not sent", err)
		return
	}
	x.journal.printf("mail sent to %s: %s", strings.Join(m.To, ", "), what)
}

// attachedLogs are the ends of the logs of steps, without those that are empty.
func (x *run) attachedLogs(ctx context.Context, steps []store.Step) []mail.Attachment {
	var all []mail.Attachment
	left := maxAttachment
	for i := range steps {
		for _, path := range slices.Compact([]string{steps[i].Stdout, steps[i].Stderr}) {
			if path == "" || left <= 0 {
				continue
			}
			data, err := guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) ([]byte, error) {
				if err := touch.At("log file " + path); err != nil {
					return nil, err
				}
				return runlog.Tail(path, int64(min(left, maxAttachedLog)))
			}, nil)
			if err != nil || len(data) == 0 {
				continue // a step that was not started has no log
			}
			left -= len(data)
			all = append(all, mail.Attachment{Name: filepath.Base(path), Data: data})
		}
	}
	return all
}

// table lists steps, one a line.
func table(steps []store.Step) string {
	var b strings.Builder
	for i := range steps {
		s := &steps[i]
		took := "-"
		if !s.Started.IsZero() && !s.Finished.IsZero() {
			took = s.Finished.Sub(s.Started).Round(time.Millisecond).String()
		}
		fmt.Fprintf(&b, "%-24s %-20s %10s  %s\n", s.Name, s.Status, took, firstLine(s.Error))
	}
	return b.String()
}

// addresses cuts texts at their commas, but not inside quotes: a name may hold one.
func addresses(texts []string) []string {
	var all []string
	for _, text := range texts {
		start, quoted := 0, false
		for i, c := range text + "," {
			if c == '"' {
				quoted = !quoted
			}
			if c != ',' || (quoted && i < len(text)) {
				continue
			}
			if part := strings.TrimSpace(text[start:i]); part != "" {
				all = append(all, part)
			}
			start = i + 1
		}
	}
	return all
}
