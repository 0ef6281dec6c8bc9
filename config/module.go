package config

import "go.uber.org/fx"

// Module supplies a loaded configuration to a graph: as a Config for the parts
// that it configures, and as the *Loaded that says where values came from.
func Module(loaded *Loaded) fx.Option {
	return fx.Module("config", fx.Supply(loaded, loaded.Config))
}
