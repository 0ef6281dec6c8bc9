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
// other processes from doing the same. Where nothing is to be done it only reads.
func migrate(ctx context.Context, db *sql.DB) error {
	provider, has, wants, err := compareSchema(ctx, db)
	if err != nil || has == wants {
		return err
	}
	if _, err = provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema from version %d to %d: %w", has, wants, err)
	}
	return nil
}

// checkSchema fails where there is something to migrate.
func checkSchema(ctx context.Context, db *sql.DB) error {
	_, has, wants, err := compareSchema(ctx, db)
	if err == nil && has != wants {
		err = fmt.Errorf("the database has schema version %d, made by an older dagu; this one knows version %d: "+
			"let the scheduler migrate it, or any command that shows runs, such as dagu history", has, wants)
	}
	return err
}

// compareSchema tells which version the schema has, and which it is to have. One
// that is newer is an error.
func compareSchema(ctx context.Context, db *sql.DB) (provider *goose.Provider, has, wants int64, err error) {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return nil, 0, 0, err
	}
	provider, err = goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read migrations: %w", err)
	}
	sources := provider.ListSources()
	wants = sources[len(sources)-1].Version
	if has, err = schemaVersion(ctx, db); err != nil {
		return nil, 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if has > wants {
		return nil, 0, 0, fmt.Errorf("the database has schema version %d, made by a newer dagu; this one knows version %d: "+
			"run the newer dagu, or restore a backup made before it", has, wants)
	}
	return provider, has, wants, nil
}

// schemaVersion is the newest migration that was applied; 0 for a new database.
// The provider's own way to ask writes, and so waits for other processes.
func schemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	var tables int
	err = db.QueryRowContext(ctx, "select count(*) from sqlite_master where type = 'table' and name = $1", goose.DefaultTablename).Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "select coalesce(max(version_id), 0) from "+goose.DefaultTablename+" where is_applied").Scan(&version)
	return version, err
}
