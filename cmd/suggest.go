package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// didYouMean is the end of a message about an unknown word: the allowed one that
// is nearest to it, or nothing when none is near.
func didYouMean(word string, allowed []string) string {
	best, similarity := "", 0.5
	for _, a := range slices.Sorted(slices.Values(allowed)) {
		s := levenshtein.Match(strings.ToLower(word), strings.ToLower(a), nil)
		if len(word) > 1 && strings.HasPrefix(a, word) {
			s = 1
		}
		if s > similarity {
			best, similarity = a, s
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// oneOf tells whether word is allowed; the error says what is.
func oneOf(word string, allowed []string) error {
	if slices.Contains(allowed, word) {
		return nil
	}
	return fmt.Errorf("found %q, want one of %s%s", word, strings.Join(allowed, ", "), didYouMean(word, allowed))
}

// aCommand accepts nothing: a word there would have been a command.
func aCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	hint := didYouMean(args[0], names)
	if !c.HasParent() { // it has too many to list
		if hint == "" {
			hint = `; "dagu help" lists all`
		}
		return fmt.Errorf("unknown command %q%s", args[0], hint)
	}
	return fmt.Errorf("unknown command %q, want one of %s%s", c.CommandPath()+" "+args[0], strings.Join(names, ", "), hint)
}

// noArguments accepts nothing.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments, found %q", c.CommandPath(), strings.Join(args, " "))
}

// flagError words the error of a flag, with the nearest one for an unknown flag.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("%s has no flag -%s", c.CommandPath(), unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint := strings.Replace(didYouMean(unknown.GetSpecifiedName(), names), `"`, `"--`, 1)
		return fmt.Errorf("%s has no flag --%s%s", c.CommandPath(), unknown.GetSpecifiedName(), hint)
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s: %w", invalid.GetFlag().Name, valueError(invalid))
	default:
		return err
	}
}

// valueError words what Go says of a value in its own terms. Our own kinds of flags
// have said already what they want.
func valueError(invalid *pflag.InvalidValueError) error {
	want := ""
	switch invalid.GetFlag().Value.Type() {
	case "int":
		want = "a whole number"
		if errors.Is(invalid, strconv.ErrRange) {
			want += " of at most 64 bits"
		}
	case "bool":
		want = "true or false"
	case "duration":
		want = "a duration such as 30s, 5m or 1h30m"
	default:
		return invalid.Unwrap()
	}
	return fmt.Errorf("found %q, want %s", invalid.GetValue(), want)
}
