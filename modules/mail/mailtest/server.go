// Package mailtest is an SMTP server for tests. It listens on the loopback and keeps
// what it is sent.
package mailtest

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// Options configure a Server.
type Options struct {
	// TLS makes the server offer encryption; nil does not.
	TLS *tls.Config
	// Username and Password are asked for unless they are empty.
	Username, Password string
}

// Mail is a mail as it was received.
type Mail struct {
	From          string
	To            []string
	Subject, Body string
	Attachments   map[string]string
	Encrypted     bool
}

// Server is an SMTP server. Its methods may be called at once.
type Server struct {
	Port int

	options Options
	mu      sync.Mutex
	mails   []Mail
}

// New starts a server that ends with the test.
func New(t *testing.T, options Options) *Server {
	t.Helper()
	s := &Server{options: options}
	backend := smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c, trusted: options.Username == ""}, nil
	})
	server := smtp.NewServer(backend)
	server.Domain, server.AllowInsecureAuth, server.TLSConfig = "localhost", true, options.TLS
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Port = listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is one
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-done)
	})
	return s
}

// Received returns the mails so far, oldest first.
func (s *Server) Received() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// session is one connection.
type session struct {
	server  *Server
	conn    *smtp.Conn
	trusted bool
	mail    Mail
}

// AuthMechanisms is part of smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth is part of smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		s.trusted = username == s.server.options.Username && password == s.server.options.Password
		if !s.trusted {
			return errors.New("wrong password")
		}
		return nil
	}), nil
}

// Mail is part of smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.trusted {
		return smtp.ErrAuthRequired
	}
	_, s.mail.Encrypted = s.conn.TLSConnectionState()
	s.mail.From = from
	return nil
}

// Rcpt is part of smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return nil
}

// Data is part of smtp.Session.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err = s.mail.parse(text); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

// Reset is part of smtp.Session.
func (s *session) Reset() { s.mail = Mail{} }

// Logout is part of smtp.Session.
func (s *session) Logout() error { return nil }

func (m *Mail) parse(text []byte) error {
	parsed, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		m.Body, err = decode(parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
		return err
	}
	m.Attachments = make(map[string]string)
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := decode(part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
		if name := part.FileName(); name != "" {
			m.Attachments[name] = data
		} else {
			m.Body = data
		}
	}
}

func decode(encoding string, r io.Reader) (string, error) {
	switch strings.ToLower(encoding) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
