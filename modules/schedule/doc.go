// Package schedule reads cron expressions and computes when they are due.
//
// # Dialect
//
// An expression has five fields, separated by runs of blanks:
//
//	minute        0-59
//	hour          0-23
//	day of month  1-31
//	month         1-12 or JAN-DEC
//	day of week   0-7 or SUN-SAT; 0 and 7 are Sunday
//
// A field is a list, separated by commas, of *, ? (the same as *), a value, a
// range a-b, or one of them with a step: */n, a-b/n, and a/n, which runs from a to
// the end of the unit (the week ends on Sunday, 7). Names are read in any case; at
// the end of a range SUN is 7.
//
// When day of month and day of week are both restricted, either of them is enough:
// "0 0 13 * FRI" is every 13th and every Friday. A field with *, ? or */1 among its
// entries is not restricted; */2 is, and so is 1-31.
//
// @hourly, @daily or @midnight, @weekly, @monthly, and @yearly or @annually stand
// for their five fields. The prefix "CRON_TZ=Zone " or "TZ=Zone " names the time
// zone. There are no seconds, no @every, and no L, W or #. An expression that never
// comes due, such as "0 0 30 2 *", is an error.
//
// The dialect is that of crontab(5) of Vixie cron, with ?, a/n and the prefix added
// and the rule for */2 made exact.
//
// # When the clocks change
//
// The rule is that of Vixie cron, told in its cron(8), without that one's limit to
// changes of under three hours. It depends on how the minute and the hour are written.
//
// A schedule whose minute or hour field begins with * or ? follows the wall clock. A
// time that the wall clock skips does not exist, one that it shows twice comes
// twice. In Europe/Berlin, where 2:00 becomes 3:00 in March and 3:00 becomes 2:00 in
// October:
//
//	*/30 * * * *   every half hour that passes, on both days
//	*/30 2 * * *   not at all that day in March; 2:00, 2:30, 2:00, 2:30 in October
//
// Any other schedule is fixed: it comes once for each time that it names. Times
// that the wall clock skips become one, at the first instant after the gap, which is
// also the only one where a further time names that instant. Of a time that it shows
// twice, the first counts.
//
//	30 2 * * *     3:00 in March; the first 2:30 in October
//	15,45 2 * * *  3:00 in March, once; the first 2:15 and the first 2:45 in October
//	0 2,3 * * *    3:00 in March, once; the first 2:00, then 3:00 in October
//	0 7 * * *      7:00 always
//
// In other words: a fixed schedule is due when the wall clock reaches or passes one
// of its times for the first time. That covers gaps at midnight, the half hours of
// Lord Howe, and the whole day that Samoa left out in 2011: a time of that day
// becomes the midnight after it.
package schedule
