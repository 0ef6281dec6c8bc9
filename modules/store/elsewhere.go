package store

import (
	"context"
	"path/filepath"
)

// Elsewhere names the DAGs that have a file in another directory than dir, which
// another scheduler may follow: none when no other scheduler lives on this data
// directory. They may have files in dir as well.
func (s *Store) Elsewhere(ctx context.Context, dir string) ([]string, error) {
	self := s.Instance()
	return read(ctx, s, "look for DAGs of other schedulers", func(ctx context.Context, q queryer) ([]string, error) {
		alive, err := s.anyAlive(ctx, q, func(id string) bool { return id != self })
		if err != nil || !alive {
			return nil, err
		}
		files, err := collect(ctx, q, scanFile, "select path, dag, hash from files order by path")
		var names []string
		for _, f := range files {
			if filepath.Dir(f.Path) != dir {
				names = append(names, f.DAG)
			}
		}
		return names, err
	})
}
