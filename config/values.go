package config

import "slices"

// winner is what the strongest place sets, or the zero setting.
func (l *loader) winner(name string) setting {
	for _, set := range slices.Backward(l.layers) {
		if s, ok := set[name]; ok {
			return s
		}
	}
	return setting{}
}

// effective is the value in force.
func (l *loader) effective(k key) any {
	if s := l.winner(k.name); s.origin.Source != FromDefault {
		return s.value
	}
	return k.fallback
}

// values lists every key for people.
func (l *loader) values(c Config) []Value {
	list := make([]Value, 0, len(l.keys))
	for _, k := range l.keys {
		v := Value{Key: k.name, Text: format(l.effective(k)), Secret: k.secret, Origin: l.winner(k.name).origin}
		switch {
		case k.secret && v.Text != "":
			v.Text = mask
		case k.name == "auth.mode" && v.Text == "" && IsLoopback(c.Host):
			v.Text = AuthNone
		case k.name == "scheduler.details" && v.Origin.Source == FromDefault:
			v.Text = "on loopback only"
		}
		list = append(list, v)
	}
	return list
}
