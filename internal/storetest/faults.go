// Package storetest makes the database of a store fail, so that tests can check what becomes of the work when a program
// dies at any statement.
package storetest

import (
	"context"
	"database/sql/driver"
	"sync"
)

// Commit is the statement for which Faults ask before a transaction is committed.
const Commit = "COMMIT"

// Faults decides which statements fail. Pass Wrap to store.WithConnector.
type Faults struct {
	mu   sync.Mutex
	fail func(statement string) error
}

// Set makes each statement fail for which fail returns an error. It is called with the SQL of a statement, or with Commit.
// A statement or commit that fails does not reach the database. nil: none fails.
func (f *Faults) Set(fail func(statement string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *Faults) check(statement string) error {
	f.mu.Lock()
	fail := f.fail
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(statement)
}

// Wrap returns a connector whose connections fail as Set says.
func (f *Faults) Wrap(c driver.Connector) driver.Connector { return &connector{c, f} }

type connector struct {
	driver.Connector
	faults *Faults
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{inner.(driverConn), c.faults}, nil
}

// driverConn is what the drivers of the store's databases implement.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	driverConn
	faults *Faults
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{inner.(driverStmt), query, c.faults}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.faults.check(query); err != nil {
		return nil, err
	}
	return c.driverConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.faults.check(query); err != nil {
		return nil, err
	}
	return c.driverConn.QueryContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	inner, err := c.driverConn.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &tx{inner, c.faults}, nil
}

type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type stmt struct {
	driverStmt
	query  string
	faults *Faults
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.faults.check(s.query); err != nil {
		return nil, err
	}
	return s.driverStmt.ExecContext(ctx, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.faults.check(s.query); err != nil {
		return nil, err
	}
	return s.driverStmt.QueryContext(ctx, args)
}

type tx struct {
	driver.Tx
	faults *Faults
}

// Commit implements driver.Tx. A commit that fails is a rollback: as if the connection had ended before it.
func (t *tx) Commit() error {
	if err := t.faults.check(Commit); err != nil {
		t.Rollback()
		return err
	}
	return t.Tx.Commit()
}
