package life

// Die ends a life as SIGKILL does: its lock is gone, and its file stays as it is.
func Die(k *Keeper) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cancel()
	if k.file != nil {
		_ = k.file.Close()
		k.file = nil
	}
}
