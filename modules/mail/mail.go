// Package mail sends mails through an SMTP server.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is an SMTP server (RFC 5321).
type Server struct {
	Host string
	// Port is 25 by default, and 587 where there is a Username. On 465 the connection
	// is encrypted from its begin; on others it is when the server offers that.
	Port int
	// Username is "" for a server that asks for none. A password is sent over an
	// encrypted connection only, but for a server on this machine.
	Username, Password string
	// TLS are the settings of encryption; nil trusts the system's certificates.
	TLS *tls.Config
}

// Message is a mail of plain text.
type Message struct {
	From          string
	To            []string
	Subject, Body string
	Attachments   []Attachment
}

// Attachment is a file in a mail.
type Attachment struct {
	Name string
	Data []byte
}

// Timeout bounds the sending of one mail.
const Timeout = 30 * time.Second

// The usual ports (RFC 5321, RFC 6409, RFC 8314).
const (
	portRelay      = 25
	portSubmission = 587
	portEncrypted  = 465
)

// Send sends a message and returns when the server has taken it, within Timeout, or
// when ctx ends. The error names the server, and the address that is wrong.
func Send(ctx context.Context, server Server, message Message) error {
	if server.Host == "" {
		return errors.New("send mail: smtp.host is not set")
	}
	m, err := compose(message)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	client, err := gomail.NewClient(server.Host, server.options(ctx)...)
	if err != nil {
		return fmt.Errorf("send mail through %s: %w", server.Host, err)
	}
	if err = client.DialAndSendWithContext(ctx, m); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause // it has closed the connection, and that says less
		}
		return fmt.Errorf("send mail through %s: %w", server.Host, err)
	}
	return nil
}

// options are how the server is talked to until ctx ends.
func (s Server) options(ctx context.Context) []gomail.Option {
	port := s.Port
	if port == 0 {
		port = portRelay
		if s.Username != "" {
			port = portSubmission
		}
	}
	settings := s.settings()
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(Timeout), gomail.WithTLSPolicy(gomail.TLSOpportunistic),
		gomail.WithTLSConfig(settings),
	}
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{}
	if port == portEncrypted {
		options = append(options, gomail.WithSSL())
		dialer = &tls.Dialer{Config: settings}
	}
	options = append(options, gomail.WithDialContextFunc(func(dial context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(dial, network, address)
		if err == nil {
			// The library looks at the deadline of ctx alone.
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}))
	if s.Username != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if s.local() {
			kind = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(kind), gomail.WithUsername(s.Username), gomail.WithPassword(s.Password))
	}
	return options
}

func (s Server) settings() *tls.Config {
	if s.TLS == nil {
		return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	}
	settings := s.TLS.Clone()
	settings.ServerName = s.Host
	return settings
}

// local tells whether the server is on this machine.
func (s Server) local() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || (ip != nil && ip.IsLoopback())
}

func compose(message Message) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := m.From(message.From); err != nil {
		return nil, fmt.Errorf("sender %q: %w", message.From, err)
	}
	if len(message.To) == 0 {
		return nil, errors.New("there is no recipient")
	}
	for _, to := range message.To {
		if err := m.AddTo(to); err != nil {
			return nil, fmt.Errorf("recipient %q: %w", to, err)
		}
	}
	m.Subject(strings.Join(strings.Fields(message.Subject), " "))
	m.SetBodyString(gomail.TypeTextPlain, message.Body)
	for _, a := range message.Attachments {
		m.AttachReadSeeker(a.Name, bytes.NewReader(a.Data))
	}
	return m, nil
}
