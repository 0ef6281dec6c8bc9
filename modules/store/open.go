package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	fileName  = "dagu.db"
	lockName  = "dagu.lock"
	ownersDir = "owners"

	// maxReaders bounds the connections that read.
	maxReaders = 4
	// lockWait bounds the wait for another process that opens the database.
	lockWait = 30 * time.Second
)

// database is the open files.
type database struct {
	writerDB *sql.DB
	writer   *session
	readers  *readers
	files    identities
	// identity is written into the database once, and goes with its copies.
	identity string
}

// openDatabase opens the database of a data directory. The lock keeps processes
// that start at once from creating or migrating it together.
func openDatabase(ctx context.Context, o Options) (db *database, err error) {
	if o.ReadOnly {
		return readDatabase(ctx, o)
	}
	if err = prepareDir(o); err != nil {
		return nil, err
	}
	lock, err := waitLock(ctx, filepath.Join(o.Dir, lockName), lockWait)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := filepath.Join(o.Dir, fileName)
	if err = createFile(path); err != nil {
		return nil, err
	}
	db = &database{}
	if err = db.open(ctx, path); err != nil {
		_ = db.close()
		return nil, explain(path, err)
	}
	return db, nil
}

func (d *database) open(ctx context.Context, path string) (err error) {
	// As SQLite does where it is built by its own means: as durable as fsync, and
	// it leaves out the file's times. Where there is no such call nothing changes.
	_, _ = sqlite.Fdatasync(true)
	// Without _txlock=immediate a transaction that reads before it writes fails
	// as busy when another process wrote in between, whatever the timeout.
	params := []string{
		"_txlock=immediate", "_busy_timeout=5000", "_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=1",
		"_pragma=journal_size_limit(16777216)", "_pragma=cache_size(-4096)",
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 { // it cannot be set later, and to set it again is a write
		params = append(params, "_auto_vacuum=INCREMENTAL")
	}
	if d.writerDB, err = sql.Open("sqlite", dsn(path, readWrite, params...)); err != nil {
		return err
	}
	d.writerDB.SetMaxOpenConns(1)
	if err = migrate(ctx, d.writerDB); err != nil {
		return err
	}
	conn, err := d.writerDB.Conn(ctx)
	if err != nil {
		return err
	}
	d.writer = newSession(conn)
	if d.identity, err = identifyDatabase(ctx, d.writer); err != nil {
		return err
	}
	mode, _, err := first(ctx, d.writer, word, "pragma journal_mode")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("write-ahead logging is not possible here (journal mode is %q)", mode)
	}
	// The writer waits by itself, see enter.
	if _, err = conn.ExecContext(ctx, "pragma busy_timeout = 0"); err != nil {
		return err
	}
	if err = d.openReaders(ctx, path, readWrite); err != nil {
		return err
	}
	d.files, err = identify(path)
	return err
}

func (d *database) openReaders(ctx context.Context, path, mode string) error {
	db, err := sql.Open("sqlite", dsn(path, mode, "_busy_timeout=5000", "_query_only=1", "_pragma=cache_size(-1024)"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(maxReaders)
	db.SetMaxIdleConns(maxReaders)
	db.SetConnMaxIdleTime(time.Minute)
	d.readers = &readers{db: db}
	return db.PingContext(ctx)
}

// readDatabase opens the database of a data directory for reading alone.
func readDatabase(ctx context.Context, o Options) (*database, error) {
	if !Exists(o.Dir) {
		return nil, fmt.Errorf("nothing is recorded there: %w", fs.ErrNotExist)
	}
	if err := refuseNetworkFS(o); err != nil {
		return nil, err
	}
	path, db := filepath.Join(o.Dir, fileName), &database{}
	err := db.openReaders(ctx, path, readOnly)
	if err == nil {
		err = checkSchema(ctx, db.readers.db)
	}
	if err != nil {
		_ = db.close()
		return nil, explain(path, err)
	}
	return db, nil
}

// close closes what is open. The last process to close moves the log into the database.
func (d *database) close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.db.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.close())
	}
	if d.writerDB != nil {
		errs = append(errs, d.writerDB.Close())
	}
	return errors.Join(errs...)
}

// Modes of a connection. Neither makes a new file where somebody took the old one away.
const (
	readWrite = "rw"
	readOnly  = "ro"
)

// dsn names the database for the driver.
func dsn(path, mode string, params ...string) string {
	params = append(params, "mode="+mode)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: strings.Join(params, "&")}
	return u.String()
}

// prepareDir makes the directory, and refuses one that several machines may share.
func prepareDir(o Options) error {
	if err := os.MkdirAll(filepath.Join(o.Dir, ownersDir), 0o750); err != nil {
		return fmt.Errorf("create data directory: %w", err)
	}
	return refuseNetworkFS(o)
}

func refuseNetworkFS(o Options) error {
	if o.AllowNetworkFS {
		return nil
	}
	name, err := networkFS(o.Dir)
	if err != nil {
		return fmt.Errorf("find the file system of %s: %w", o.Dir, err)
	}
	if name != "" {
		return fmt.Errorf("%s is on a network file system (%s): SQLite needs locks and shared memory that hold "+
			"on one machine only, and would lose data; put the data directory on a local disk, or set "+
			"database.allow_network_fs: true if a single machine uses it", o.Dir, name)
	}
	return nil
}

// createFile makes the database file, closed to others; those that SQLite puts
// beside it take over its mode. A file that exists must not even be opened:
// closing it would drop the locks that this process may hold on it (fcntl(2)).
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return file.Close()
}

// explain says what a result code of SQLite means for a person.
func explain(path string, err error) error {
	switch code(err) {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a database; move it away, or restore it from a backup: %w", path, err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is damaged; move it away, or restore it from a backup: %w", path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%s cannot be written; check its owner and mode, and that the disk is not read-only: %w", path, err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another program holds a lock on %s: %w", path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk of %s is full: %w", path, err)
	default:
		return err
	}
}

// waitLock locks the file, which is created when missing, and waits for another holder.
func waitLock(ctx context.Context, path string, wait time.Duration) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("the data directory cannot be written: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		locked, err := tryLock(file, exclusive)
		if locked {
			return file, nil
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another process is opening the database and holds %s: %w", path, ctx.Err()), file.Close())
		}
	}
}
