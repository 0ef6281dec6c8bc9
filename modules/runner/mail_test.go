package runner_test

import (
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/mail/mailtest"
	"dagu/modules/store"
)

// mailHead is the beginning of a workflow that can send mails.
func mailHead(port int) string {
	return fmt.Sprintf(`params: [{name: PORT, default: "%d"}, {name: TO, default: team@example.org}]
working_dir: $DIR
smtp: {host: 127.0.0.1, port: "${params.PORT}"}
`, port)
}

func TestMailSend(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, mailtest.Options{})
	r := newRig(t)
	require.NoError(t, os.MkdirAll(r.dags, 0o750))
	require.NoError(t, os.WriteFile(r.path("data.csv"), []byte("1,2\n"), 0o600))
	r.succeed(r.text(mailHead(server.Port), `steps:
- action: mail.send
  with: {from: dagu@example.org, to: ["${params.TO}", "a@example.org, \"Doe, Jane\" <b@example.org>"], subject: "S ${params.TO}", message: "M\n", attachments: data.csv}
`))
	require.Equal(t, []mailtest.Mail{{
		From: "dagu@example.org", To: []string{"team@example.org", "a@example.org", "b@example.org"},
		Subject: "S team@example.org", Body: "M\r\n", Attachments: map[string]string{"data.csv": "1,2\n"},
	}}, server.Received())
}

func TestMailSendFails(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, mailtest.Options{})
	for name, tt := range map[string]struct{ head, with, says string }{
		"no server":     {"", "from: a@b.org, to: c@d.org", "the DAG has no smtp"},
		"no attachment": {"", "from: a@b.org, to: c@d.org, attachments: [missing]", "missing"},
		"no file":       {"", "from: a@b.org, to: c@d.org, attachments: [/dev/zero]", "not a regular file"},
		"bad port":      {"smtp: {host: 127.0.0.1, port: '${params.X}'}", "from: a@b.org, to: c@d.org", `smtp.port "no" is not a port`},
		"bad sender":    {fmt.Sprintf("smtp: {host: 127.0.0.1, port: %d}", server.Port), "from: nobody, to: c@d.org", "nobody"},
		"no recipient":  {fmt.Sprintf("smtp: {host: 127.0.0.1, port: %d}", server.Port), "from: a@b.org, to: ' , '", "no recipient"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run(r.text("params: [{name: X, default: 'no'}]", tt.head, "steps:", "- {name: s, action: mail.send, with: {"+tt.with+"}}"))
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, r.store.step("s").Error, tt.says)
		})
	}
}

func TestMailsAboutARun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines    string
		subjects []string
		says     []string
		attached []string
	}{
		"failure": {
			"mail_on: {failure: true, success: true}\nerror_mail: {from: d@example.org, to: ['${params.TO}', x@example.org], prefix: '[E]', attach_logs: true}\n" +
				"steps: [{name: good, run: echo fine}, {name: bad, depends: good, run: echo broken >&2; exit 3}]",
			[]string{"[E] job (failed)"},
			[]string{"job failed", "run-1", "step bad: exit status 3", "broken", "good"},
			[]string{"bad.err", "good.out"},
		},
		"success": {
			"mail_on: {success: true}\ninfo_mail: {from: d@example.org, to: '${params.TO}'}\nsteps: [{name: s, run: 'true'}]",
			[]string{"job (succeeded)"},
			[]string{"job succeeded"},
			nil,
		},
		"not asked for": {
			"error_mail: {from: d@example.org, to: '${params.TO}'}\nsteps: [{name: s, run: 'false'}]", nil, nil, nil,
		},
		"a step": {
			"error_mail: {from: d@example.org, to: '${params.TO}'}\n" +
				"steps: [{name: s, run: 'exit 4', mail_on_error: true, continue_on: failed}, {name: other, run: 'false', continue_on: failed}, {name: end, run: 'true'}]",
			[]string{"job (step s failed)"},
			[]string{"Step s of job failed", "exit status 4"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.New(t, mailtest.Options{})
			r := newRig(t)
			r.run(r.text(mailHead(server.Port), tt.lines))
			got := server.Received()
			require.Len(t, got, len(tt.subjects))
			for i, subject := range tt.subjects {
				require.Equal(t, subject, got[i].Subject)
				require.Equal(t, "team@example.org", got[i].To[0])
				for _, words := range tt.says {
					require.Contains(t, got[i].Body, words)
				}
				for _, name := range tt.attached {
					require.Contains(t, got[i].Attachments, name)
				}
			}
		})
	}
}

// A run that is to be tried again has not failed yet.
func TestNoMailBeforeTheLastAttempt(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, mailtest.Options{})
	r := newRig(t)
	text := r.text(mailHead(server.Port), "mail_on: {failure: true}\nerror_mail: {from: d@example.org, to: t@example.org}",
		"retry_policy: {limit: 1, interval_sec: 0}", "steps: [{run: 'false'}]")
	rec := r.record(text)
	r.await(r.execute(rec))
	require.Empty(t, server.Received())
	rec.Attempt, rec.Retries = 2, 1
	r.await(r.execute(rec))
	require.Len(t, server.Received(), 1)
}

func TestMailThatIsNotTakenChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("smtp: {host: ''}", "mail_on: {success: true}", "info_mail: {from: d@example.org, to: t@example.org}", "steps: [{run: 'true'}]"))
	require.Equal(t, store.StatusSucceeded, result.Status)
	account, err := os.ReadFile(r.account())
	require.NoError(t, err)
	require.Contains(t, string(account), "warning: the mail about the run was not sent: send mail: smtp.host is not set")
}

// A mail that nobody takes does not keep a killed run open.
func TestKillEndsAMailAboutAStep(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	r := newRig(t)
	done := r.execute(r.record(r.text(mailHead(silent.Addr().(*net.TCPAddr).Port), //nolint:forcetypeassert // it is one
		"error_mail: {from: d@example.org, to: t@example.org}", "steps: [{run: 'false', mail_on_error: true}]")))
	conn, err := silent.Accept()
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	r.kill()
	r.await(done)
	account, err := os.ReadFile(r.account())
	require.NoError(t, err)
	require.Contains(t, string(account), "the mail about the run was not sent: send mail through 127.0.0.1: context canceled")
}
