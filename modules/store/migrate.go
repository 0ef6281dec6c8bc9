package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// migrate brings the schema up to date. The caller holds the lock that keeps
// other processes from doing the same.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, wants, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	switch {
	case has == wants:
		return nil
	case has > wants:
		return fmt.Errorf("the database has schema version %d, made by a newer dagu; this one knows version %d: "+
			"run the newer dagu, or restore a backup made before it", has, wants)
	}
	if _, err = provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema from version %d to %d: %w", has, wants, err)
	}
	return nil
}
