package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"
)

const (
	// textGrace is how long a text that nothing refers to is kept, so that what
	// was put is still there when a file or a run is recorded with it.
	textGrace = 24 * time.Hour
	// textRenewal is how old the record of a put may be before a repeat renews it.
	textRenewal = time.Hour
)

// PutTexts records texts. Those that are there stay as they are.
func (s *Store) PutTexts(ctx context.Context, texts []Text) error {
	_, err := write(ctx, s, "put texts", func(ctx context.Context, t *tx) (struct{}, error) {
		for _, text := range texts {
			if err := t.putText(ctx, text); err != nil {
				return struct{}{}, fmt.Errorf("text %s of %s: %w", text.Hash, text.File, err)
			}
		}
		return struct{}{}, nil
	})
	return err
}

func (t *tx) putText(ctx context.Context, text Text) error {
	now := nanos(t.now)
	n, err := t.exec(ctx, "update texts set stored = $1 where hash = $2 and stored < $3",
		now, text.Hash, nanos(t.now.Add(-textRenewal)))
	if err != nil || n > 0 {
		return err
	}
	_, found, err := first(ctx, t, number, "select 1 from texts where hash = $1", text.Hash)
	if err != nil || found {
		return err
	}
	base, err := t.putBase(ctx, text.Base)
	if err != nil {
		return err
	}
	workspace, err := t.putBase(ctx, text.Workspace)
	if err != nil {
		return err
	}
	body := text.Body
	if body == nil {
		body = []byte{} // nil is NULL
	}
	_, err = t.exec(ctx, `insert into texts (hash, dag, file, body, base_file, base, stored, document, workspace_file, workspace)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		text.Hash, text.DAG, text.File, body, text.BaseFile, base, now, text.Document, text.WorkspaceFile, workspace)
	return err
}

// putBase records the text of a base file, which many share, and returns what refers
// to it: nil for an empty one.
func (t *tx) putBase(ctx context.Context, text []byte) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	_, err := t.exec(ctx, "insert into bases (hash, body) values ($1, $2) on conflict (hash) do nothing", hash, text)
	return hash, err
}

// Text returns the text of a hash; ErrNotFound when it was never put, or is no longer kept.
func (s *Store) Text(ctx context.Context, hash string) (Text, error) {
	return read(ctx, s, "read text", func(ctx context.Context, q queryer) (Text, error) {
		text, found, err := first(ctx, q, scanText, `select t.hash, t.dag, t.file, t.body, t.base_file, b.body, t.document, t.workspace_file, w.body
			from texts t left join bases b on b.hash = t.base left join bases w on w.hash = t.workspace where t.hash = $1`, hash)
		if err == nil && !found {
			err = fmt.Errorf("text %s: %w", hash, ErrNotFound)
		}
		return text, err
	})
}

func scanText(rows *sql.Rows) (t Text, err error) {
	err = rows.Scan(&t.Hash, &t.DAG, &t.File, &t.Body, &t.BaseFile, &t.Base, &t.Document, &t.WorkspaceFile, &t.Workspace)
	return t, err
}

// SaveFiles records the last good version of files. Their texts must have been
// put; ErrNotFound otherwise.
func (s *Store) SaveFiles(ctx context.Context, files []File) error {
	_, err := write(ctx, s, "save files", func(ctx context.Context, t *tx) (struct{}, error) {
		for _, f := range files {
			_, err := t.exec(ctx, `insert into files (path, dag, hash) values ($1, $2, $3)
				on conflict (path) do update set dag = excluded.dag, hash = excluded.hash
				where files.dag <> excluded.dag or files.hash <> excluded.hash`, f.Path, f.DAG, f.Hash)
			if isForeignKey(err) {
				err = fmt.Errorf("text %s: %w", f.Hash, ErrNotFound)
			}
			if err != nil {
				return struct{}{}, fmt.Errorf("%s: %w", f.Path, err)
			}
		}
		return struct{}{}, nil
	})
	return err
}

// RemoveFiles forgets files. Paths that are not recorded are no error.
func (s *Store) RemoveFiles(ctx context.Context, paths []string) error {
	_, err := write(ctx, s, "remove files", func(ctx context.Context, t *tx) (struct{}, error) {
		for _, path := range paths {
			if _, err := t.exec(ctx, "delete from files where path = $1", path); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

// Files returns all recorded files, by path.
func (s *Store) Files(ctx context.Context) ([]File, error) {
	return read(ctx, s, "read files", func(ctx context.Context, q queryer) ([]File, error) {
		return collect(ctx, q, scanFile, "select path, dag, hash from files order by path")
	})
}

func scanFile(rows *sql.Rows) (f File, err error) {
	err = rows.Scan(&f.Path, &f.DAG, &f.Hash)
	return f, err
}
