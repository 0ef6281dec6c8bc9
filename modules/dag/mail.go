package dag

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// mailOnTable is what mail_on may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var mailOnTable = newTable(nil,
	row[MailOn]{"failure", func(m *MailOn, n node) { setBool(&m.Failure, n) }},
	row[MailOn]{"success", func(m *MailOn, n node) { setBool(&m.Success, n) }},
	row[MailOn]{"wait", func(m *MailOn, n node) { setBool(&m.Wait, n) }},
)

// decodeMailOn decodes when mails are sent, in place of all that the base file says of it.
func decodeMailOn(d *draft, n node) {
	d.dag.MailOn = MailOn{}
	mailOnTable.decode(&d.dag.MailOn, n)
}

// checkMail warns of mails that cannot be sent, once the base file is known.
func (d *draft) checkMail() {
	e := d.fields.given("mail_on")
	if e == nil {
		return
	}
	for _, missing := range []struct {
		key string
		is  bool
	}{
		{"smtp", d.dag.SMTP == nil && d.dag.MailOn != (MailOn{})},
		{"error_mail", d.dag.MailOn.Failure && d.dag.ErrorMail == nil},
		{"info_mail", d.dag.MailOn.Success && d.dag.InfoMail == nil},
	} {
		if missing.is {
			e.keyNode.warn("mail_on sends nothing: %s is missing", missing.key)
		}
	}
}

// mailTable is what the header of a mail may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var mailTable = newTable(nil,
	row[Mail]{"from", func(m *Mail, n node) { setReference(&m.From, n) }},
	row[Mail]{"to", decodeRecipients},
	row[Mail]{"prefix", func(m *Mail, n node) { setReference(&m.Prefix, n) }},
	row[Mail]{"attach_logs", func(m *Mail, n node) { setBool(&m.AttachLogs, n) }},
)

// decodeMail decodes the header of a mail over that of the base file, key by key.
func decodeMail(to **Mail, n node) {
	var m Mail
	if *to != nil {
		m = **to
	}
	mailTable.decode(&m, n)
	*to = &m
}

func decodeRecipients(m *Mail, n node) {
	m.To = nil
	n.each("a text or a list of texts", func(item node) {
		if address, ok := item.reference(); ok && strings.TrimSpace(address) != "" {
			m.To = append(m.To, strings.TrimSpace(address))
		}
	})
}

// smtpTable is what smtp may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var smtpTable = newTable(nil,
	row[SMTP]{"host", func(s *SMTP, n node) { setReference(&s.Host, n) }},
	row[SMTP]{"port", decodePort},
	row[SMTP]{"username", func(s *SMTP, n node) { setScalar(&s.Username, n) }},
	row[SMTP]{"password", func(s *SMTP, n node) { setScalar(&s.Password, n) }},
)

// decodeSMTP decodes the mail server over that of the base file, key by key.
func decodeSMTP(d *draft, n node) {
	var s SMTP
	if d.dag.SMTP != nil {
		s = *d.dag.SMTP
	}
	smtpTable.decode(&s, n)
	d.dag.SMTP = &s
}

// maxPort is the largest port of TCP.
const maxPort = 1<<16 - 1

// decodePort decodes a port, which may be a text with references.
func decodePort(s *SMTP, n node) {
	if n.Kind == yaml.ScalarNode && n.Tag == tagText && strings.Contains(n.Value, "$") {
		setReference(&s.Port, n)
		return
	}
	port, ok := n.integer(1)
	switch {
	case !ok:
	case port > maxPort:
		n.fail("must be an integer of at most %d", maxPort)
	default:
		s.Port = n.plain()
	}
}

// setScalar sets a text that may hold references and may be written as any scalar: a
// password may be a number.
func setScalar(to *string, n node) {
	if text, ok := n.anyText(); ok {
		n.check(text)
		*to = text
	}
}
