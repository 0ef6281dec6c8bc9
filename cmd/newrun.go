package cmd

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// newRunFlags are the flags of commands that create a run.
type newRunFlags struct {
	name, id, params, from string
	trigger, due           string
	labels                 []string
	dir                    checked
}

// triggers are the causes that a caller can name.
func triggers() []string {
	return []string{
		string(store.TriggerManual), string(store.TriggerScheduler), string(store.TriggerWebhook),
		string(store.TriggerSubDAG), string(store.TriggerRetry), string(store.TriggerCatchup),
	}
}

func addNewRunFlags(c *cobra.Command) *newRunFlags {
	f := &newRunFlags{}
	addParamFlags(c, f)
	c.Flags().StringVarP(&f.id, "run-id", "r", "", "id of the run: letters, digits, - and _, at most 64, and new (default: a UUID)")
	c.Flags().StringSliceVar(&f.labels, "labels", nil, "labels of the run beside those of the DAG, such as team=core")
	f.dir.check = checkDir
	c.Flags().Var(&f.dir, "default-working-dir", "working directory of the run if its DAG has none; relative to the directory of the DAG file")
	c.Flags().StringVar(&f.from, "from-run-id", "", "id of a run of the DAG: run its text with its parameters again, as a new run")
	c.Flags().Var(&checked{check: checkProfile}, "profile", "profile of the run; this version has no way to define one")
	c.Flags().StringVar(&f.trigger, "trigger-type", string(store.TriggerManual), "what caused the run: "+strings.Join(triggers(), ", "))
	c.Flags().StringVar(&f.due, "schedule-time", "", "the time for which the run was scheduled, in RFC 3339")
	complete(c, "trigger-type", triggers()...)
	noCompletion(c, "run-id", "labels", "profile", "schedule-time")
	completeBy(c, "default-working-dir", completeBeside)
	completeBy(c, "from-run-id", completeRun())
	return f
}

// addParamFlags adds the flags that say what the DAG is and gets.
func addParamFlags(c *cobra.Command, f *newRunFlags) {
	c.Flags().StringVarP(&f.name, "name", "N", "", "name of the DAG for this run, in place of its own")
	c.Flags().StringVarP(&f.params, "params", "p", "", `parameters as one text, such as "day=Mon 3"; words after -- win over it`)
	noCompletion(c, "name", "params")
}

// words are the parameters that the caller gave: those behind "--", else --params.
func (f *newRunFlags) words(t target, args []string) ([]string, error) {
	words := args[1:]
	if len(words) == 0 {
		var err error
		if words, err = dag.SplitParams(f.params); err != nil {
			return nil, fmt.Errorf("--params: %w", err)
		}
	}
	for _, word := range words {
		if !utf8.ValidString(word) {
			return nil, fmt.Errorf("parameter %q: must be UTF-8", word)
		}
	}
	return words, checkParams(t.dag, words)
}

// checkParams tells early what no run could accept. Dynamic defaults, and a schema that
// is elsewhere, are left to the run: nothing is executed or fetched here.
func checkParams(d *dag.DAG, words []string) error {
	if d.ParamSchemaFrom != "" {
		return nil
	}
	if d.ParamSchema != nil {
		_, err := dag.BindSchema(d.ParamSchema, d.ParamValues, words)
		return err
	}
	decl := make([]dag.Param, len(d.Params))
	for i, p := range d.Params {
		if p.Eval != "" {
			p.Eval, p.Required = "", false
		}
		decl[i] = p
	}
	_, err := dag.BindParams(decl, words, nil)
	return err
}

// resolve is what the flags and arguments ask for. No store is needed, and nothing
// is made.
func (f *newRunFlags) resolve(c *cobra.Command, settings config.Config, args []string) (request, error) {
	asked, err := f.asked()
	if err != nil {
		return request{}, err
	}
	if c.Flags().Changed("from-run-id") {
		if err = leftOut(c, args); err != nil {
			return request{}, err
		}
		from := original{id: f.from}
		from.dag, err = nameOf(settings, args[0])
		return request{run: asked, from: &from}, err
	}
	t, err := loadTarget(settings, args[0], f.name)
	if err != nil {
		return request{}, err
	}
	run := over(catalog.NewRun(t.dag, asked.ID, asked.Trigger), asked)
	run.Params, err = f.words(t, args)
	return request{text: t.text(), run: run}, err
}

// asked is what the flags alone say of the run.
func (f *newRunFlags) asked() (store.NewRun, error) {
	n := store.NewRun{ID: f.id, Trigger: store.Trigger(f.trigger), DefaultWorkingDir: f.dir.value}
	if err := oneOf(f.trigger, triggers()); err != nil {
		return n, fmt.Errorf("--trigger-type: %w", err)
	}
	if n.ID == "" {
		n.ID = uuid.NewString()
	}
	if err := store.CheckRunID(n.ID); err != nil {
		return n, fmt.Errorf("--run-id: %w", err)
	}
	var err error
	if n.Due, err = scheduleTime(f.due); err != nil {
		return n, err
	}
	if n.Labels, err = cleanLabels(f.labels); err != nil {
		return n, fmt.Errorf("--labels: %w", err)
	}
	return n, nil
}

// scheduleTime reads --schedule-time.
func scheduleTime(word string) (time.Time, error) {
	if word == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, word)
	if err != nil {
		return at, fmt.Errorf("--schedule-time: found %q, want a time in RFC 3339, such as 2026-01-31T12:00:00Z", word)
	}
	return at, nil
}

// leftOut refuses, beside --from-run-id, what the recorded run has and the text
// that it executed may depend on.
func leftOut(c *cobra.Command, args []string) error {
	const form = "%s cannot be given with --from-run-id: the new run has the %s of the recorded one"
	switch {
	case c.Flags().Changed("name"):
		return fmt.Errorf(form, "--name", "name")
	case c.Flags().Changed("params"):
		return fmt.Errorf(form, "--params", "parameters")
	case len(args) > 1:
		return fmt.Errorf(form, "parameters", "parameters")
	default:
		return nil
	}
}

// cleanLabels writes labels as those of DAG files are.
func cleanLabels(given []string) ([]string, error) {
	var labels []string
	for _, text := range given {
		label, err := dag.CleanLabel(text)
		if err != nil {
			return nil, fmt.Errorf("found %q: %w", text, err)
		}
		labels = append(labels, label)
	}
	return labels, nil
}
