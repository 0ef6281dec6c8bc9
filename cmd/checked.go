package cmd

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// checked is the value of a flag that takes what check finds nothing wrong with.
// A text that is given is never taken for none: the empty one is checked as well.
type checked struct {
	value string
	check func(text string) error
}

// String, Set and Type are pflag.Value.
func (v *checked) String() string { return v.value }

// Type names the kind of value in the help.
func (v *checked) Type() string { return "string" }

// Set takes a text that is right.
func (v *checked) Set(text string) error {
	if err := v.check(text); err != nil {
		return err
	}
	v.value = text
	return nil
}

// checkDir tells what is wrong with a directory before anything is known of the
// machine that it is on.
func checkDir(dir string) error {
	switch {
	case strings.TrimSpace(dir) == "":
		return fmt.Errorf("found %q, want a directory", dir)
	case !utf8.ValidString(dir):
		return fmt.Errorf("%q must be UTF-8", dir)
	default:
		return nil
	}
}

// checkProfile tells what is wrong with a profile: no name is right, since nothing
// defines profiles.
func checkProfile(name string) error {
	other := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	if name == "" || other(rune(name[0])) || strings.ContainsFunc(name, func(r rune) bool { return other(r) && !strings.ContainsRune("._-", r) }) {
		return fmt.Errorf("found %q, want lower-case letters, digits, '.', '_' and '-', the first a letter or a digit", name)
	}
	return fmt.Errorf("no profile %q is defined; this version has no way to define one", name)
}
