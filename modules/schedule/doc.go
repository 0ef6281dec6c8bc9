// Package schedule reads cron expressions and computes when they are due.
package schedule
