package config

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// places are the directories that the default paths stand in.
type places struct {
	home   string
	config string
	data   string
}

// base is what the text of a path is resolved against.
type base struct {
	// dir is the directory that relative paths start in.
	dir func() (string, error)
	// home is the user's home directory, for ~.
	home func() (string, error)
	// lookup replaces $NAME and ${NAME}; nil leaves them.
	lookup func(string) (string, bool)
}

// path resolves text to a clean absolute path.
func (b base) path(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errors.New("want a path without NUL bytes")
	}
	text, err := b.expand(text)
	if err != nil {
		return "", err
	}
	if text == "~" || strings.HasPrefix(text, "~/") {
		home, homeErr := b.home()
		if homeErr != nil {
			return "", homeErr
		}
		return filepath.Join(home, text[1:]), nil
	}
	if strings.HasPrefix(text, "~") {
		return "", errors.New("want a whole path; only ~/ is replaced, not another user's home")
	}
	if filepath.IsAbs(text) {
		return filepath.Clean(text), nil
	}
	dir, err := b.dir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, text), nil
}

// expand replaces variables; one that is not set is an error, since the path
// that is left without it would be a wrong one.
func (b base) expand(text string) (string, error) {
	if b.lookup == nil {
		return text, nil
	}
	var missing []string
	text = os.Expand(text, func(name string) string {
		value, ok := b.lookup(name)
		if !ok {
			missing = append(missing, "$"+name)
		}
		return value
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("want variables that are set; not set: %s", strings.Join(missing, ", "))
	}
	if text == "" {
		return "", errors.New("want a path; the variables in it are empty")
	}
	return text, nil
}

// findHome decides where the default paths stand, and says what decided.
func (l *loader) findHome() (places, Value, error) {
	text, origin := l.opts.Home, Origin{Source: FromFlag, Name: "--dagu-home"}
	if text == "" {
		text, origin = l.env["DAGU_HOME"], Origin{Source: FromEnvironment, Name: "DAGU_HOME"}
	}
	if text != "" {
		home, err := l.here().path(text)
		if err != nil {
			return places{}, Value{}, Errors{{Origin: origin, Found: text, Message: err.Error()}}
		}
		return homePlaces(home), Value{Key: "home", Text: home, Origin: origin}, nil
	}
	p, err := l.defaultPlaces()
	if err != nil {
		return places{}, Value{}, Errors{{Message: err.Error()}}
	}
	return p, Value{Key: "home", Text: p.home}, nil
}

func homePlaces(home string) places { return places{home: home, config: home, data: home} }

// defaultPlaces is an existing ~/.dagu, else the XDG base directories.
func (l *loader) defaultPlaces() (places, error) {
	home, homeErr := l.userHome()
	if homeErr == nil {
		dir := filepath.Join(home, ".dagu")
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return homePlaces(dir), nil
		}
	}
	xdg := func(name, fallback string) (string, error) {
		// A relative value is invalid and to be ignored, says the specification.
		if dir := l.env[name]; filepath.IsAbs(dir) {
			return filepath.Join(dir, "dagu"), nil
		}
		return filepath.Join(home, fallback, "dagu"), homeErr
	}
	config, err := xdg("XDG_CONFIG_HOME", ".config")
	if err != nil {
		return places{}, err
	}
	data, err := xdg("XDG_DATA_HOME", ".local/share")
	return places{home: config, config: config, data: data}, err
}

// userHome is HOME, else what the user database says. It need not exist.
func (l *loader) userHome() (string, error) {
	if home := l.env["HOME"]; filepath.IsAbs(home) {
		return filepath.Clean(home), nil
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		return filepath.Clean(u.HomeDir), nil
	}
	return "", errors.New("no home directory: HOME is not set and the user has no entry in the user database; set DAGU_HOME")
}

// workingDir is where relative paths of flags and variables start.
func (l *loader) workingDir() (string, error) {
	if l.opts.Dir != "" {
		return l.opts.Dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("want an absolute path, since the working directory is unknown: %w", err)
	}
	return dir, nil
}

// here resolves paths of flags and variables.
func (l *loader) here() base { return base{dir: l.workingDir, home: l.userHome} }

// beside resolves paths that are written in file.
func (l *loader) beside(file string) base {
	return base{
		dir:  func() (string, error) { return filepath.Dir(file), nil },
		home: l.userHome,
		lookup: func(name string) (string, bool) {
			value, ok := l.env[name]
			return value, ok
		},
	}
}
