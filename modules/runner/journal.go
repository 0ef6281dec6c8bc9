package runner

import (
	"fmt"
	"os"
	"time"

	"dagu/modules/runner/mask"
)

// journal is the run's own log: an account for people of what happened when. A
// nil journal takes nothing. It may be used at once by several goroutines.
type journal struct {
	file    *os.File
	secrets *mask.Masker
}

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open log of the run: %w", err)
	}
	return &journal{file: file}, nil
}

// printf writes one line. A full disk loses lines of the account, not the run.
func (j *journal) printf(format string, args ...any) {
	if j == nil {
		return
	}
	line := time.Now().UTC().AppendFormat(make([]byte, 0, 128), "2006-01-02T15:04:05.000Z ")
	line = append(line, j.secrets.Text(fmt.Sprintf(format, args...))...)
	_, _ = j.file.Write(append(line, '\n'))
}

func (j *journal) close() {
	if j != nil {
		_ = j.file.Close() // every line was written when it was made
	}
}
