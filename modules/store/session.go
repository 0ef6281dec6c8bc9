package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"dagu/modules/fault"
)

// queryer is what can be asked: the writer's transaction, or the readers.
type queryer interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// session is the writer's connection with the statements prepared on it. It
// serves one goroutine.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSession(conn *sql.Conn) *session {
	return &session{conn: conn, stmts: make(map[string]*sql.Stmt)}
}

// close closes the statements and the connection.
func (s *session) close() error {
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

func (s *session) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	s.stmts[text] = stmt
	return stmt, nil
}

// exec runs a statement and returns how many rows it changed.
func (s *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	fault.At("store.exec")
	stmt, err := s.prepare(ctx, text) //nolint:sqlclosecheck // It is kept, and closed with the connection.
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *session) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.prepare(ctx, text) //nolint:sqlclosecheck // It is kept, and closed with the connection.
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// readers is a small pool of connections that only read. It serves any goroutine.
type readers struct {
	db    *sql.DB
	stmts sync.Map // text -> *sql.Stmt
}

func (r *readers) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := r.stmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := r.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	if other, raced := r.stmts.LoadOrStore(text, stmt); raced {
		_ = stmt.Close() //nolint:sqlclosecheck // Only this one of two is not kept.
		stmt, _ = other.(*sql.Stmt)
	}
	return stmt, nil
}

func (r *readers) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := r.prepare(ctx, text) //nolint:sqlclosecheck // It is kept.
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// still calls fn with a queryer to whom nothing changes meanwhile.
func (r *readers) still(ctx context.Context, fn func(queryer) error) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	err = fn(snapshot{r, tx})
	if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
		err = errors.Join(err, e)
	}
	return err
}

// snapshot is the state at one moment.
type snapshot struct {
	readers *readers
	tx      *sql.Tx
}

func (s snapshot) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.readers.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...) //nolint:sqlclosecheck // It ends with the transaction.
}

// collect asks for rows and scans all of them.
func collect[T any](ctx context.Context, q queryer, scan func(*sql.Rows) (T, error), text string, args ...any) (list []T, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			list, err = nil, e
		}
	}()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}

// first asks for one row; found tells whether there is one.
func first[T any](ctx context.Context, q queryer, scan func(*sql.Rows) (T, error), text string, args ...any) (item T, found bool, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return item, false, err
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			found, err = false, e
		}
	}()
	if !rows.Next() {
		return item, false, rows.Err()
	}
	item, err = scan(rows)
	return item, err == nil, err
}

// number scans a row of one integer.
func number(rows *sql.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}

// word scans a row of one text.
func word(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}
