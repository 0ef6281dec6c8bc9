package runner

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"dagu/modules/dag/value"
	"dagu/modules/runner/guard"
)

// The log of a failed step is searched line by line; a longer line counts as several.
const longestLine = 1 << 20

// continues tells whether continue_on lets dependents run although a step failed.
func (x *run) continues(t task, r result) bool {
	on := t.step.ContinueOn
	switch {
	case t.handler:
		return false
	case on.Failed:
		return true
	case r.exited && slices.Contains(on.ExitCodes, r.code):
		return true
	}
	return len(on.Output) > 0 && r.stdout != "" && x.outputHas(on.Output, r.stdout, r.stdoutFrom)
}

// outputHas tells whether a line of the step's stdout matches one of the texts.
func (x *run) outputHas(texts []string, path string, from int64) bool {
	patterns := make([]*value.Pattern, 0, len(texts))
	for _, text := range texts {
		p, err := value.ParsePattern(text)
		if err != nil {
			continue // the file was checked when it was loaded
		}
		patterns = append(patterns, p)
	}
	found, err := guard.Do(context.Background(), x.runner.guard, func(touch *guard.Touch) (bool, error) {
		if err := touch.At("log file " + path); err != nil {
			return false, err
		}
		return searchFile(path, from, patterns)
	}, nil)
	if err != nil {
		x.warn("the output of a failed step could not be searched for continue_on", err)
	}
	return found
}

func searchFile(path string, from int64, patterns []*value.Pattern) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	if _, err = file.Seek(from, io.SeekStart); err != nil {
		return false, err
	}
	reader := bufio.NewReaderSize(file, longestLine)
	for {
		line, err := reader.ReadSlice('\n')
		text := string(line)
		if len(line) > 0 && slices.ContainsFunc(patterns, func(p *value.Pattern) bool { return p.In(text) }) {
			return true, nil
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return false, nil
		default:
			return false, err
		}
	}
}
