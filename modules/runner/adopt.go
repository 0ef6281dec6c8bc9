package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.uber.org/zap"

	"dagu/modules/store"
)

// ending begins the line of the account that tells how an attempt ended.
const ending = "run ended: "

// beginning begins the line that tells that an attempt began; its number comes next.
func (x *run) beginning() string {
	return fmt.Sprintf("run %s of %s began: attempt ", x.rec.ID, x.rec.DAG)
}

// adopt looks whether the run, which the store says has not begun, was executed
// before: by a life that recorded it in this database, of which an older copy was
// restored since. The account of the run tells, since it says that an attempt began
// before that forks anything. What a person starts now is what he wants now.
func (x *run) adopt() (outcome, bool) {
	if x.foreground {
		return outcome{}, false
	}
	e := earlier{begun: x.beginning(), database: ", database " + x.runner.store.Identity(), attempt: x.rec.Attempt}
	if err := e.read(x.files.LogFile()); err != nil {
		x.warn("the account of the run cannot be read; whether it was executed before is not known", err)
		return outcome{}, false
	}
	if !e.found {
		return outcome{}, false
	}
	o := outcome{status: e.status, reason: store.ReasonRecovered, adopted: true, bare: true}
	if o.status == "" {
		o.status = store.StatusFailed
		o.errs = []string{"it was executed before an older database was restored, and how it ended is not known; see " + x.files.LogFile()}
	}
	return o, true
}

// recordAdopted writes the end of a run that was executed before.
func (x *run) recordAdopted(result store.Result) error {
	const message = "run was executed before an older database was restored; it is not executed again"
	x.log.Warn(message, zap.String("status", string(result.Status)))
	x.journal.printf("%s, and recorded as %s", message, result.Status)
	ctx := context.Background() // the store has deadlines of its own
	err := x.insist(ctx, "end of a run that was executed before", func() error {
		return x.runner.store.Adopt(ctx, x.rec.Ref(), x.files.Dir(), x.files.WorkDir(), result)
	})
	if err != nil {
		return fmt.Errorf("record run %s: %w", x.rec.ID, err)
	}
	return nil
}

// earlier is what the account of a run tells of a life that the database has forgotten.
type earlier struct {
	begun, database string
	attempt         int

	// found tells that the attempt, or a later one, began.
	found bool
	// status is how the last one ended; "" when it did not.
	status store.Status
}

func (e *earlier) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewReader(file)
	for rest := false; ; {
		line, more, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !rest { // the rest of a long line is none
			e.take(string(line))
		}
		rest = more
	}
}

// take takes one line of the account: a time, and what happened.
func (e *earlier) take(line string) {
	_, said, _ := strings.Cut(line, " ")
	if after, ok := strings.CutPrefix(said, e.begun); ok && strings.HasSuffix(after, e.database) {
		attempt := 0
		_, err := fmt.Sscanf(after, "%d,", &attempt)
		if err == nil && attempt >= e.attempt {
			e.found, e.status = true, ""
		}
		return
	}
	if after, ok := strings.CutPrefix(said, ending); ok && e.found {
		word, _, _ := strings.Cut(after, " ")
		switch status := store.Status(word); status {
		case store.StatusSucceeded, store.StatusPartiallySucceeded, store.StatusFailed, store.StatusAborted:
			e.status = status
		default:
		}
	}
}
