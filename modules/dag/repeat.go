package dag

import (
	"strings"

	"golang.org/x/sys/unix"

	yaml "go.yaml.in/yaml/v4"
)

// controlRows are the fields of a step that say when it runs again and how it ends.
//
//nolint:gochecknoglobals // a constant in all but name
var controlRows = []row[stepDraft]{
	{"repeat_policy", func(s *stepDraft, n node) { s.Repeat = decodeRepeat(n) }},
	{"signal_on_stop", func(s *stepDraft, n node) { decodeSignal(&s.SignalOnStop, n) }},
	{"mail_on_error", func(s *stepDraft, n node) { setBool(&s.MailOnError, n) }},
}

// repeatDraft is a repeat policy while it is decoded.
type repeatDraft struct {
	Repeat
	// never tells of an explicit "repeat: false".
	never bool
}

// repeatTable is what repeat_policy may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var repeatTable = newTable(nil,
	row[repeatDraft]{"repeat", decodeRepeatMode},
	row[repeatDraft]{"condition", func(r *repeatDraft, n node) { setRepeatCondition(r, n) }},
	row[repeatDraft]{"expected", func(r *repeatDraft, n node) { r.Expected = decodeExpectedText("repeat_policy", n) }},
	row[repeatDraft]{"exit_code", func(r *repeatDraft, n node) { r.ExitCodes = decodeExitCodes(n) }},
	row[repeatDraft]{"interval_sec", func(r *repeatDraft, n node) { setIntText(&r.Interval, n) }},
	row[repeatDraft]{"limit", func(r *repeatDraft, n node) { setIntText(&r.Limit, n) }},
	row[repeatDraft]{"backoff", func(r *repeatDraft, n node) { decodeBackoff(&r.Backoff, n) }},
	row[repeatDraft]{"max_interval_sec", func(r *repeatDraft, n node) { setIntText(&r.MaxInterval, n) }},
)

// decodeRepeat decodes a repeat policy; nil for one that never repeats.
func decodeRepeat(n node) *Repeat {
	var r repeatDraft
	fields := repeatTable.decode(&r, n)
	if fields == nil {
		return nil
	}
	condition, codes := fields.has("condition"), fields.has("exit_code")
	if fields.has("expected") && !condition {
		n.failHere("repeat_policy: expected needs condition")
	}
	switch {
	case r.never:
		return nil
	case r.Mode == RepeatWhile || r.Mode == RepeatUntil:
		if !condition && !codes {
			n.failHere("repeat_policy: repeat %s requires either condition or exit_code", r.Mode)
		}
	case r.Mode == RepeatAlways:
	case r.Expected != nil:
		r.Mode = RepeatUntil
	case condition || codes:
		r.Mode = RepeatWhile
	default:
		n.warn("repeat_policy of this step does not repeat it: repeat, condition or exit_code is missing")
		return nil
	}
	return &r.Repeat
}

func decodeRepeatMode(r *repeatDraft, n node) {
	if n.Kind == yaml.ScalarNode && n.Tag == tagBool {
		on, _ := n.boolean()
		if r.never = !on; on {
			r.Mode = RepeatAlways
		}
		return
	}
	if text, ok := n.oneOf(string(RepeatWhile), string(RepeatUntil)); ok {
		r.Mode = RepeatMode(text)
	}
}

func setRepeatCondition(r *repeatDraft, n node) {
	if text, ok := n.reference(); ok {
		if strings.TrimSpace(text) == "" {
			n.fail("repeat_policy: condition must not be blank")
		}
		r.Condition = text
	}
}

// decodeSignal decodes the name of a signal, with or without SIG.
func decodeSignal(to *string, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	name := strings.ToUpper(strings.TrimSpace(text))
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if unix.SignalNum(name) == 0 {
		n.fail("signal_on_stop: there is no signal of this name; use one such as SIGINT or SIGTERM")
		return
	}
	*to = name
}
