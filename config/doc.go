// Package config is everything that a user can set: the types with their
// defaults, where values come from, and the checks they pass.
//
// A value comes from the first of these that has it: a flag, an environment
// variable, the configuration file, the default. Every value that was given is
// checked, also one that a stronger place overrides, and everything that is
// wrong is told at once, with the place it stands in.
//
// The home decides where the default paths stand. It is the first of:
// --dagu-home, DAGU_HOME, an existing ~/.dagu. With a home H these are
// H/config.yaml, H/base.yaml, H/dags, H/data and H/logs. Without one the XDG
// base directories hold them (https://specifications.freedesktop.org/basedir-spec):
// config.yaml, base.yaml and dags in $XDG_CONFIG_HOME/dagu, data and logs in
// $XDG_DATA_HOME/dagu.
//
// Relative paths are meant against the directory of the configuration file when
// they are written there, and against the working directory in flags and
// environment variables. A leading ~ is the user's home directory everywhere; in
// the file $NAME and ${NAME} are replaced too, since no shell has done it.
//
// An empty value is no value: it leaves the choice to the next place.
//
// Loading reads one file and writes nothing.
package config
