package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/viper"
)

// Options says where Load looks.
type Options struct {
	// Flags holds the flags that the user gave: the text by the name of the key.
	Flags map[string]string
	// Home is --dagu-home, "" when it was not given.
	Home string
	// File is --config, "" for the config.yaml of the home. A file that is named must exist.
	File string
	// NoFile leaves the configuration file out: what flags and variables say of
	// another machine, whose files are not here.
	NoFile bool
	// Environ is the environment in the form of os.Environ.
	Environ []string
	// Dir is the absolute directory that relative paths of flags and variables
	// start in; "" is the working directory of the process.
	Dir string
	// Version is passed on to Loaded.
	Version string
}

// Loaded is a configuration that has passed all checks.
type Loaded struct {
	Config Config
	// Home is the directory of the default paths, and what decided on it.
	Home Value
	// File is the path of the configuration file that was read; "" when there is none.
	File string
	// Values is every key in a fixed order, with its text and origin.
	Values []Value
	// Warnings is what the user should hear of once, in the order of the places.
	Warnings []Warning
	// Version is the program's; "" is not known.
	Version string
}

// Load puts together flags, environment, file and defaults, and checks all of
// them. It reads one file, and changes nothing. The error is of type Errors and
// holds everything that is wrong.
func Load(opts Options) (*Loaded, error) {
	l := &loader{opts: opts, env: environment(opts.Environ), broken: map[string]bool{}}
	l.dropServiceLinks()
	p, home, err := l.findHome()
	if err != nil {
		return nil, err
	}
	l.keys = table(p)
	path, fromFile := l.readFile(p)
	l.layers = []layer{fromFile, l.readEnvironment(), l.readFlags()}
	cfg, err := l.assemble()
	if err != nil {
		return nil, err
	}
	cfg.Home = p.home
	l.validate(cfg)
	if len(l.errs) > 0 {
		slices.SortStableFunc(l.errs, func(a, b *Error) int { return inOrder(a.Origin, b.Origin) })
		return nil, l.errs
	}
	slices.SortStableFunc(l.warnings, func(a, b Warning) int { return inOrder(a.Origin, b.Origin) })
	return &Loaded{Config: cfg, Home: home, File: path, Values: l.values(cfg), Warnings: l.warnings, Version: opts.Version}, nil
}

// loader is the state of one Load.
type loader struct {
	opts Options
	env  map[string]string
	keys []key
	// layers is what was set, the weakest place first.
	layers   []layer
	errs     Errors
	warnings []Warning
	// broken names the keys with an error, and unreadable says that the file
	// could not be read as a whole: rules over several keys say nothing then.
	broken     map[string]bool
	unreadable bool
}

// given is the text of a value, as somebody wrote it.
type given struct {
	text   string
	origin Origin
	from   base
}

// setting is a value that has been checked.
type setting struct {
	value  any
	origin Origin
}

// layer is what one place sets, by the name of the key.
type layer map[string]setting

func (l *loader) fail(err *Error) { l.errs = append(l.errs, err) }

func (l *loader) warn(origin Origin, message string) {
	l.warnings = append(l.warnings, Warning{Origin: origin, Message: message})
}

func (l *loader) key(name string) (key, bool) {
	i := slices.IndexFunc(l.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return l.keys[i], true
}

// scalar parses a value into a layer. An empty one is none.
func (l *loader) scalar(set layer, k key, g given) {
	if g.text == "" {
		return
	}
	value, err := k.parse(g.text, g.from)
	if err == nil {
		set[k.name] = setting{value: value, origin: g.origin}
		return
	}
	if k.secret {
		g.text = ""
	}
	l.broken[k.name] = true
	l.fail(&Error{Origin: g.origin, Key: k.name, Found: g.text, Message: err.Error()})
}

// readFlags reads the flags that the user gave. An empty one is an error: it is
// most often a variable that the shell did not find.
func (l *loader) readFlags() layer {
	set := layer{}
	for _, name := range slices.Sorted(maps.Keys(l.opts.Flags)) {
		text := l.opts.Flags[name]
		k, ok := l.key(name)
		origin := Origin{Source: FromFlag, Name: k.flagName()}
		switch {
		case !ok || k.parse == nil:
			l.fail(&Error{Key: name, Message: "cannot be set by a flag"})
		case text == "":
			l.broken[name] = true
			l.fail(&Error{Origin: origin, Key: name, Message: "needs a value"})
		default:
			l.scalar(set, k, given{text: text, origin: origin, from: l.here()})
		}
	}
	return set
}

// assemble gives the defaults and the layers to viper, where a later one
// replaces an earlier one, and has it fill the Config. Its own reading of files
// and variables is not used: it knows no lines, and it sees the environment of
// the process alone.
func (l *loader) assemble() (Config, error) {
	v := viper.New()
	for _, k := range l.keys {
		v.SetDefault(k.name, k.fallback)
	}
	for _, set := range l.layers {
		for name, s := range set {
			v.Set(name, s.value)
		}
	}
	var cfg Config
	if err := v.Unmarshal(&cfg); err != nil {
		return Config{}, fmt.Errorf("fill configuration: %w", err)
	}
	cfg.Location, _ = v.Get("tz").(*time.Location)
	return cfg, nil
}

// inOrder sorts by place, then by line.
func inOrder(a, b Origin) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
}
