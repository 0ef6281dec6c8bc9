package dag

import (
	"slices"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// defaults are what steps and handlers have unless they say otherwise; nil is
// no default. Env and preconditions are put before those of a step.
type defaults struct {
	continueOn    *ContinueOn
	retry         *Retry
	repeat        *Repeat
	signal        string
	mailOnError   *bool
	timeout       *time.Duration
	env           []Var
	preconditions []Condition
}

// defaultsTable is what defaults may hold. An explicit empty value takes back
// what the base file has.
//
//nolint:gochecknoglobals // a constant in all but name
var defaultsTable = newTable(map[string]string{"precondition": "preconditions"},
	[]row[defaults]{
		{"continue_on", func(d *defaults, n node) {
			c := decodeContinueOn(n)
			d.continueOn = &c
		}},
		{"retry_policy", func(d *defaults, n node) {
			if d.retry = nil; !n.hollow() {
				d.retry = decodeRetry(n)
			}
		}},
		{"timeout_sec", func(d *defaults, n node) {
			var t time.Duration
			setSeconds(&t, n)
			d.timeout = &t
		}},
		{"env", func(d *defaults, n node) {
			if n.hollow() {
				d.env = nil
				return
			}
			d.env = append(clip(d.env), decodeEnv(n)...)
		}},
		{"preconditions", func(d *defaults, n node) {
			if n.hollow() {
				d.preconditions = nil
				return
			}
			d.preconditions = append(clip(d.preconditions), decodeConditions(n)...)
		}},
		{"repeat_policy", func(d *defaults, n node) {
			if d.repeat = nil; !n.hollow() {
				d.repeat = decodeRepeat(n)
			}
		}},
		{"signal_on_stop", func(d *defaults, n node) {
			if d.signal = ""; !n.textual() || n.Value != "" {
				decodeSignal(&d.signal, n)
			}
		}},
		{"mail_on_error", func(d *defaults, n node) {
			var on bool
			setBool(&on, n)
			d.mailOnError = &on
		}},
	}...,
)

// hollow reports whether the node is an explicit empty map or list.
func (n *node) hollow() bool {
	return n.Kind != yaml.ScalarNode && len(n.Content) == 0
}

func decodeDefaults(d *draft, n node) {
	if n.Kind == yaml.MappingNode && n.hollow() {
		d.defaults = defaults{}
		return
	}
	defaultsTable.decode(&d.defaults, n)
}

// apply returns the step with the defaults that it does not override. It
// leaves the draft alone, which may belong to a base file that many share.
func (d *defaults) apply(draft *stepDraft, handler bool) Step {
	s := draft.Step
	absent := func(key string) bool { return draft.fields.get(key) == nil }
	if d.continueOn != nil && absent("continue_on") {
		s.ContinueOn = *d.continueOn
	}
	if d.retry != nil && !handler && absent("retry_policy") {
		s.Retry = d.retry
	}
	if d.repeat != nil && !handler && absent("repeat_policy") {
		s.Repeat = d.repeat
	}
	if d.signal != "" && absent("signal_on_stop") {
		s.SignalOnStop = d.signal
	}
	if d.mailOnError != nil && absent("mail_on_error") {
		s.MailOnError = *d.mailOnError
	}
	if d.timeout != nil && absent("timeout_sec") {
		s.Timeout = *d.timeout
	}
	if len(d.env) > 0 {
		s.Env = slices.Concat(d.env, s.Env)
	}
	if len(d.preconditions) > 0 {
		s.Preconditions = slices.Concat(d.preconditions, s.Preconditions)
	}
	return s
}
