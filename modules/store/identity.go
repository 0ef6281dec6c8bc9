package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// Identity tells the database apart from all others. A copy has the identity of
// what it was copied from. It is "" before Start.
func (s *Store) Identity() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return ""
	}
	return s.db.identity
}

// identifyDatabase reads the identity, and gives a new database one. It stands in
// the header, in a number that SQLite leaves to programs. The caller holds the lock
// that keeps other processes from doing the same.
func identifyDatabase(ctx context.Context, s *session) (string, error) {
	id, _, err := first(ctx, s, number, "pragma user_version")
	if err != nil {
		return "", fmt.Errorf("read the identity of the database: %w", err)
	}
	if id == 0 {
		var random [4]byte
		_, _ = rand.Read(random[:]) // it never fails
		id = int64(binary.NativeEndian.Uint32(random[:])>>1) | 1
		if _, err = s.conn.ExecContext(ctx, fmt.Sprintf("pragma user_version = %d", id)); err != nil {
			return "", fmt.Errorf("give the database an identity: %w", err)
		}
	}
	return fmt.Sprintf("%08x", id), nil
}
