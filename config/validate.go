package config

import "fmt"

// validate checks the rules that hold over several keys. One whose keys are
// wrong by themselves is left out: its message would mislead.
func (l *loader) validate(c Config) {
	s := c.Scheduler
	if most := s.StopTimeout - DrainMargin; s.DrainTimeout >= most {
		l.breach(fmt.Sprintf("want less than %s, which is scheduler.stop_timeout (%s) minus %s",
			formatDuration(max(most, 0)), formatDuration(s.StopTimeout), formatDuration(DrainMargin)),
			"scheduler.drain_timeout", "scheduler.stop_timeout")
	}
	if least := s.StallThreshold + s.StopTimeout + MisfireMargin; s.MisfireThreshold < least {
		l.breach(fmt.Sprintf("want at least %s, which is scheduler.stall_threshold (%s) plus scheduler.stop_timeout (%s) plus %s",
			formatDuration(least), formatDuration(s.StallThreshold), formatDuration(s.StopTimeout), formatDuration(MisfireMargin)),
			"scheduler.misfire_threshold", "scheduler.stall_threshold", "scheduler.stop_timeout")
	}
	credentials := c.Auth.Basic.Username != "" && c.Auth.Basic.Password != ""
	if c.Auth.Mode == AuthBasic && !credentials {
		l.breach("which needs auth.basic.username and auth.basic.password",
			"auth.mode", "auth.basic.username", "auth.basic.password")
	}
	if c.Auth.Mode == "" && credentials {
		l.warn(l.blame("auth.basic.password"), "auth.basic is not used, since auth.mode is not set; auth.mode: basic turns it on")
	}
}

// breach reports a rule over several keys, at the first of them that somebody
// has set. The first key is the one that the message is about.
func (l *loader) breach(message string, names ...string) {
	if l.unreadable {
		return
	}
	for _, name := range names {
		if l.broken[name] {
			return
		}
	}
	k, _ := l.key(names[0])
	text := ""
	if !k.secret {
		text = format(l.effective(k))
	}
	l.fail(&Error{Origin: l.blame(names...), Key: names[0], Found: text, Message: message})
}

// blame is the place of the first key that somebody has set.
func (l *loader) blame(names ...string) Origin {
	for _, name := range names {
		if s := l.winner(name); s.origin.Source != FromDefault {
			return s.origin
		}
	}
	return Origin{}
}
