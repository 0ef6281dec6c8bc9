package runlog

import "context"

// Make calls the file system as the making of a log directory does.
func (l *Log) Make(ctx context.Context, call func() error) error { return l.logs.make.call(ctx, call) }

// SetRemove replaces what removes a directory.
func (l *Log) SetRemove(remove func(root, rel string) error) {
	l.logs.removeTree, l.work.removeTree = remove, remove
}

// SetRemoveArtifacts replaces what removes artifacts.
func (l *Log) SetRemoveArtifacts(remove func(root, rel string) error) {
	l.artifacts.removeTree = remove
}
