package action

import "context"

// mailSend sends a mail through the workflow's mail server.
func mailSend() *Definition {
	return &Definition{
		Name:    "mail.send",
		Older:   []string{"mail"},
		Summary: "Send a mail through the DAG's smtp server.",
		Open:    true,
		Fields: []Field{
			{Name: "from", Kind: KindText, Required: true, Doc: `The sender: "a@b.org" or "Name <a@b.org>".`},
			{Name: "to", Kind: KindTexts, Required: true, Doc: "The recipients: a text, in which commas separate them, or a list."},
			{Name: "subject", Kind: KindText, Doc: "The subject."},
			{Name: "message", Kind: KindText, Doc: "The text of the mail."},
			{Name: "attachments", Kind: KindTexts, Doc: "Paths of files to attach."},
		},
		Run: func(ctx context.Context, c *Call) error {
			m := Message{
				From: c.With.Text("from"), To: c.With.Texts("to"), Subject: c.With.Text("subject"), Body: c.With.Text("message"),
			}
			for _, path := range c.With.Texts("attachments") {
				m.Attachments = append(m.Attachments, c.Path(path))
			}
			return c.Mail(ctx, m)
		},
	}
}
