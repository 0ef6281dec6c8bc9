package life

import (
	"context"
	"os"
)

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

// Break makes what is written fail, until the function that it returns is called.
func Break(k *Keeper) func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	whole := k.file
	broken, _ := os.Open(os.DevNull)
	k.file = broken
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		_ = broken.Close()
		k.file = whole
	}
}
