// Package config is everything that a user can set: the types with their
// defaults, where values come from, and the checks they pass.
//
// A value comes from the first of these that has it: a flag, an environment
// variable, the configuration file, the default.
package config
