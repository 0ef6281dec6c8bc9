package runner

import (
	"errors"
	"os"
	"time"

	"dagu/modules/runner/mask"
)

// streams are what the processes of an execution write to: the log files
// themselves, or a pump where a stream is captured or also goes elsewhere.
type streams struct {
	outLog, errLog *os.File // nil where a pump has it
	stdout, stderr *pump    // nil where the log file is enough

	// Set by finish.
	logError, copyError error
}

// kept is how much of each stream is kept in memory, in bytes; -1 is nothing.
type kept struct{ stdout, stderr int }

// openStreams takes over the files. Where there are secrets both streams have a pump,
// which keeps them out of all files.
func openStreams(files *launched, keep kept, secrets *mask.Masker) (*streams, error) {
	s := &streams{outLog: files.outLog, errLog: files.errLog}
	var err error
	if keep.stdout >= 0 || files.out != nil || secrets != nil {
		if s.stdout, err = startPump(files.outLog, files.out, keep.stdout, secrets); err != nil {
			files.close()
			return nil, err
		}
		s.outLog = nil
	}
	if keep.stderr >= 0 || files.err != nil || secrets != nil {
		if s.stderr, err = startPump(files.errLog, files.err, keep.stderr, secrets); err != nil {
			_ = files.errLog.Close() // nothing was written
			if files.err != nil {
				_ = files.err.Close() // nothing was written
			}
			s.errLog = nil
			s.finish(nil)
			return nil, err
		}
		s.errLog = nil
	}
	return s, nil
}

func (s *streams) out() *os.File {
	if s.stdout != nil {
		return s.stdout.writer
	}
	return s.outLog
}

func (s *streams) err() *os.File {
	if s.stderr != nil {
		return s.stderr.writer
	}
	return s.errLog
}

// finish closes the streams once the processes have ended.
func (s *streams) finish(killed <-chan struct{}) {
	for _, file := range [...]*os.File{s.outLog, s.errLog} {
		if file != nil {
			_ = file.Close() // nothing of ours was written
		}
	}
	begin := time.Now()
	for _, p := range [...]**pump{&s.stdout, &s.stderr} {
		if *p == nil {
			continue
		}
		if !(*p).finish(max(0, waitDelay-time.Since(begin)), killed) {
			s.copyError = errors.Join(s.copyError, errors.New("a file that a stream goes to does not answer"))
			*p = nil // its goroutine still has it
			continue
		}
		s.logError = errors.Join(s.logError, (*p).logErr)
		s.copyError = errors.Join(s.copyError, (*p).copyErr)
	}
}

// tooMuch tells whether more was written than may be kept.
func (s *streams) tooMuch() bool {
	return s.stdout != nil && s.stdout.tooMuch || s.stderr != nil && s.stderr.tooMuch
}
