// Package store keeps what must survive a crash: due times with their outcomes,
// runs with their attempts and steps, the texts they execute, marks,
// suspensions, and the processes that own running runs. It is the only place
// with SQL.
package store
