package life

import "context"

// Die ends a life as SIGKILL does: its lock is gone, and its file stays as it is.
func Die(k *Keeper) {
	_ = k.loop.Stop(context.Background())
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file != nil {
		_ = k.file.Close()
		k.file = nil
	}
}
