package runlog

import "path/filepath"

// LogFile is the path of the account of a run in its log directory.
func LogFile(dir string) string { return filepath.Join(dir, logFile) }
