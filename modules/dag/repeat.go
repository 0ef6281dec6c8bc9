package dag

// controlRows are the fields of a step that say when it runs again and how it ends.
//
//nolint:gochecknoglobals // a constant in all but name
var controlRows = unsupported[stepDraft]("mail_on_error", "repeat_policy", "signal_on_stop")
