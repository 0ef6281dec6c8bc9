package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/decode"
	"dagu/modules/runner/guard"
)

// maxOutput bounds, in bytes, each of what a step publishes: its captured stream, its
// object, and its output file.
func (x *run) maxOutput() int { return cmp.Or(x.dag.MaxOutput, x.runner.options.MaxOutput) }

// keep is what of the streams is needed once they have ended.
func (e *execution) keep() kept {
	step := e.task.step
	uses := func(origin dag.Origin) bool {
		from := func(entry dag.Entry) bool { return entry.Origin == origin }
		return slices.ContainsFunc(step.Publish, from) || slices.ContainsFunc(step.Stdout.Outputs, from)
	}
	keep := kept{stdout: -1, stderr: -1}
	if step.Output != "" || step.OutputSchema != nil || uses(dag.OriginStdout) {
		keep.stdout = e.run.maxOutput()
	}
	if uses(dag.OriginStderr) {
		keep.stderr = e.run.maxOutput()
	}
	return keep
}

// text is what was kept of a stream; a variable could not hold its NUL bytes.
func (p *pump) text() string {
	if p == nil {
		return ""
	}
	return string(bytes.TrimSpace(bytes.ReplaceAll(p.kept, []byte{0}, nil)))
}

// publishInTime is publish within the time of the step, and with the grace that a stop
// leaves; one that is repeated has it already. Of what cannot be published as a whole
// there is nothing.
func (e *execution) publishInTime(ctx context.Context, r result, s *streams) result {
	var end func()
	if !e.repeats() {
		ctx, end = e.run.grace(ctx)
		defer end()
	}
	ctx, end = e.inTime(ctx)
	defer end()
	whole := r
	if r.err = e.publish(ctx, &whole, s); r.err == nil {
		return whole
	}
	r.published = nil
	return e.cut(ctx, r)
}

// publish makes what a succeeded execution leaves for others besides its stdout.
func (e *execution) publish(ctx context.Context, r *result, s *streams) error {
	step := e.task.step
	var err error
	if r.emitted, err = readEmitted(e.records, e.run.maxOutput(), step.Outputs); err != nil {
		return err
	}
	if step.OutputSchema != nil {
		if r.output, err = decode.Matching(step.OutputSchema, s.stdout.text()); err != nil {
			return fmt.Errorf("stdout %w", err)
		}
		r.captured = true
	}
	o := object{execution: e, streams: s, values: make(map[string]string)}
	if len(step.Publish) > 0 {
		if err = o.addAll(ctx, "output", step.Publish); err != nil {
			return err
		}
		r.output, r.captured = o.json(), true
		if len(r.output) > e.run.maxOutput() {
			return e.tooLarge()
		}
	}
	if err = o.addAll(ctx, "stdout.outputs", step.Stdout.Outputs); err != nil {
		return err
	}
	for key, text := range r.published { // by an action
		o.values[key] = text
	}
	if len(o.values) > 0 {
		r.published = o.values
	}
	return nil
}

// object gathers what a step publishes by key.
type object struct {
	*execution
	streams *streams
	// values are texts as they are, and everything else as JSON.
	values map[string]string
	// members are the keys with their values as JSON, in order.
	members []string
	// size is that of all values.
	size int
}

// addAll adds entries; those without a key add the keys of an object.
func (o *object) addAll(ctx context.Context, field string, entries []dag.Entry) error {
	for _, entry := range entries {
		v, err := o.value(ctx, entry)
		if err == nil {
			err = o.add(entry.Key, v)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSuffix(field+"."+entry.Key, "."), err)
		}
	}
	return nil
}

// value is what an entry stands for.
func (o *object) value(ctx context.Context, entry dag.Entry) (any, error) {
	var text string
	var err error
	switch entry.Origin {
	case dag.OriginStdout:
		text = o.streams.stdout.text()
	case dag.OriginStderr:
		text = o.streams.stderr.text()
	case dag.OriginFile:
		if text, err = o.file(ctx, o.scope.path(entry.Path, o.task.dir())); err != nil {
			return nil, err
		}
	default:
		return o.scope.values.ExpandTree(entry.Value), nil
	}
	v, err := decode.Value(ctx, text, entry.Decode, entry.Select)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Origin, err)
	}
	return v, nil
}

// add adds a value by its key.
func (o *object) add(key string, v any) error {
	if key == "" {
		m, ok := v.(map[string]any)
		if !ok {
			return errors.New("stdout is no object whose keys could be published")
		}
		for key, item := range m {
			if err := o.addOne(key, item); err != nil {
				return err
			}
		}
		return nil
	}
	return o.addOne(key, v)
}

func (o *object) addOne(key string, v any) error {
	member, err := value.JSON(v)
	if err != nil {
		return err
	}
	name, err := value.JSON(key)
	if err != nil {
		return err
	}
	if o.values[key], err = decode.Plain(v); err != nil {
		return err
	}
	o.members = append(o.members, name+":"+member)
	if o.size += len(o.values[key]); o.size > o.run.maxOutput() {
		return o.tooLarge()
	}
	return nil
}

func (e *execution) tooLarge() error {
	return fmt.Errorf("output exceeded maximum size limit of %d bytes", e.run.maxOutput())
}

// json is the object as text.
func (o *object) json() string { return "{" + strings.Join(o.members, ",") + "}" }

// file reads a file that a step has made.
func (o *object) file(ctx context.Context, path string) (string, error) {
	limit := o.run.maxOutput()
	return guard.Do(ctx, o.run.runner.guard, func(touch *guard.Touch) (string, error) {
		if err := touch.At("file " + path); err != nil {
			return "", err
		}
		return readSmall(path, limit)
	}, nil)
}

// readSmall reads a regular file of at most so many bytes.
func readSmall(path string, limit int) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return "", err
	}
	if len(text) > limit {
		return "", fmt.Errorf("%s exceeded maximum size limit of %d bytes", path, limit)
	}
	return string(text), nil
}
