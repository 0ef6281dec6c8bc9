package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/mail"
	"dagu/modules/mail/mailtest"
)

func message() mail.Message {
	return mail.Message{
		From: "Dagu <dagu@example.org>", To: []string{"a@example.org", "B <b@example.org>"},
		Subject: "report: done\nBcc: c@example.org", Body: "line one\n.\nGrüße\n",
		Attachments: []mail.Attachment{{Name: "data.csv", Data: []byte("a,b\n1,2\n")}},
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t, mailtest.Options{})
	require.NoError(t, mail.Send(t.Context(), mail.Server{Host: "127.0.0.1", Port: server.Port}, message()))
	require.Len(t, server.Received(), 1)
	got := server.Received()[0]
	require.Equal(t, "dagu@example.org", got.From)
	require.Equal(t, []string{"a@example.org", "b@example.org"}, got.To)
	require.Equal(t, "report: done Bcc: c@example.org", got.Subject, "a subject cannot add a header")
	require.Equal(t, "line one\r\n.\r\nGrüße\r\n", got.Body)
	require.Equal(t, map[string]string{"data.csv": "a,b\n1,2\n"}, got.Attachments)
}

func TestSendWithPassword(t *testing.T) {
	t.Parallel()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS() // for its certificate, which is for example.com and 127.0.0.1
	defer certified.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(certified.Certificate())
	for name, encrypted := range map[string]bool{"plain": false, "STARTTLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mailtest.Options{Username: "u", Password: "p"}
			if encrypted {
				o.TLS = certified.TLS
			}
			server := mailtest.New(t, o)
			to := mail.Server{
				Host: "127.0.0.1", Port: server.Port, Username: "u", Password: "p", TLS: &tls.Config{RootCAs: trusted}, //nolint:gosec // of a test
			}
			require.NoError(t, mail.Send(t.Context(), to, message()))
			require.Len(t, server.Received(), 1)
			require.Equal(t, encrypted, server.Received()[0].Encrypted)
			to.Password = "wrong"
			require.ErrorContains(t, mail.Send(t.Context(), to, message()), "send mail through 127.0.0.1")
		})
	}
}

func TestSendFails(t *testing.T) {
	t.Parallel()
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := closed.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is one
	require.NoError(t, closed.Close())
	require.ErrorContains(t, mail.Send(t.Context(), mail.Server{Host: "127.0.0.1", Port: port}, message()), "refused")
	require.ErrorContains(t, mail.Send(t.Context(), mail.Server{}, message()), "smtp.host is not set")
	wrong := message()
	wrong.From = "nobody"
	require.ErrorContains(t, mail.Send(t.Context(), mail.Server{Host: "127.0.0.1"}, wrong), `sender "nobody"`)
	wrong = message()
	wrong.To = []string{"a@example.org", "x"}
	require.ErrorContains(t, mail.Send(t.Context(), mail.Server{Host: "127.0.0.1"}, wrong), `recipient "x"`)
	wrong.To = nil
	require.ErrorContains(t, mail.Send(t.Context(), mail.Server{Host: "127.0.0.1"}, wrong), "no recipient")
}

// A server that does not answer is left when the context ends.
func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	port := silent.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is one
	go func() { sent <- mail.Send(ctx, mail.Server{Host: "127.0.0.1", Port: port}, message()) }()
	conn, err := silent.Accept()
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("220 example.org ESMTP\r\n"))
	require.NoError(t, err)
	_, err = bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-sent, context.Canceled)
}
