package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"dagu/modules/dag"
	"dagu/modules/runner/guard"
	"dagu/modules/runner/mask"
	"dagu/modules/store"
)

// readSecrets adds the secrets to the variables, and has them masked from now on in
// all that the run tells. The error names each that is not there, or that ctx ended.
func (x *run) readSecrets(ctx context.Context) error {
	if len(x.dag.Secrets) == 0 {
		return nil
	}
	dirs := []string{x.workingDir(), filepath.Dir(x.dag.Source.File)}
	var read []mask.Secret
	var missing error
	for _, s := range x.dag.Secrets {
		value, err := x.secret(ctx, s, dirs)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			missing = errors.Join(missing, fmt.Errorf("secret %s: %w", s.Name, err))
			continue
		}
		x.root.env[s.Name] = value
		read = append(read, mask.Secret{Name: s.Name, Value: value})
	}
	x.secrets = mask.New(read)
	x.journal.hide(x.secrets)
	x.steps.hide(x.secrets)
	return missing
}

// secret reads one secret; a relative path is looked for in the directories, in turn.
func (x *run) secret(ctx context.Context, s dag.Secret, dirs []string) (string, error) {
	if s.Provider == dag.ProviderEnv {
		value, ok := x.runner.host[s.Key]
		if !ok {
			return "", fmt.Errorf("the variable %s is not set", s.Key)
		}
		return value, nil
	}
	var paths []string
	for _, dir := range dirs {
		paths = append(paths, x.root.place(s.Key, dir))
	}
	return guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) (string, error) {
		_, text, err := readFirst(touch, "secret", paths)
		if err == nil && text == nil {
			err = fmt.Errorf("there is no file %s", s.Key)
		}
		return string(text), err
	}, nil)
}

// masked is an error without the secrets.
func (x *run) masked(err error) error {
	if text := err.Error(); x.secrets.Text(text) != text {
		return errors.New(x.secrets.Text(text))
	}
	return err
}

// hide masks secrets in all lines to come.
func (j *journal) hide(secrets *mask.Masker) {
	if j != nil {
		j.secrets = secrets
	}
}

// hide masks secrets in all that is written and told from now on. What was carried
// from an earlier attempt was masked, and gets its values back.
func (r *recorder) hide(secrets *mask.Masker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = secrets
	for i := range r.steps {
		s := &r.steps[i]
		s.OutputValue = secrets.Restore(s.OutputValue)
		s.Emitted, s.Published = secrets.RestoreAll(s.Emitted), secrets.RestoreAll(s.Published)
	}
}

// shown is a step as others see it. The caller holds mu.
func (r *recorder) shown(s store.Step) store.Step {
	s.OutputValue = r.secrets.Text(s.OutputValue)
	s.Emitted, s.Published = r.secrets.Texts(s.Emitted), r.secrets.Texts(s.Published)
	return s
}
