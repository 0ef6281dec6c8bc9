package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"dagu/modules/dag"
	"dagu/modules/runner/guard"
	"dagu/modules/runner/mask"
	"dagu/modules/store"
)

// readSecrets adds the secrets to the variables, and has them masked from now on in
// all that the run tells. The error names each that is not there, or that ctx ended.
func (x *run) readSecrets(ctx context.Context) error {
	if len(x.dag.Secrets) == 0 && len(x.hidden) == 0 {
		return nil
	}
	dirs := []string{x.workingDir(), filepath.Dir(x.dag.Source.File)}
	var missing error
	handed := x.hidden
	x.hidden = nil
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
		x.hidden = append(x.hidden, mask.Secret{Name: s.Name, Value: value})
	}
	x.hidden = append(x.hidden, handed...)
	x.secrets = mask.New(x.hidden)
	x.journal.hide(x.secrets)
	x.steps.hide(x.secrets)
	return missing
}

// handed are the secrets as a run inside of this one has to mask them: it may get their
// values as parameters, and have others of the same names.
func (x *run) handed() []mask.Secret {
	secrets := slices.Clone(x.hidden)
	for i := range secrets {
		secrets[i].Name = x.dag.Name + "." + secrets[i].Name
	}
	return secrets
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

// maskedAll are texts without the secrets, in a copy.
func (x *run) maskedAll(texts []string) []string {
	all := slices.Clone(texts)
	for i := range all {
		all[i] = x.secrets.Text(all[i])
	}
	return all
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
	restore(secrets, r.steps)
}

// restore puts the values back into what steps have recorded masked.
func restore(secrets *mask.Masker, steps []store.Step) {
	for i := range steps {
		s := &steps[i]
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
