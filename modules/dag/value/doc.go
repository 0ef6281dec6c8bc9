// Package value puts values into the texts of a workflow file: references such
// as ${params.day} and ${context.run.id}, those of older files such as
// ${build.stdout} and ${CONFIG.port}, and the names and shell-like operators $NAME,
// ${NAME:-word}.
//
// It is pure: it reads what its Scope holds, runs nothing and never fails. What
// has no value stays in the text as it was written. A text is read once, from
// left to right; what was inserted is never read again, so a value cannot
// smuggle in a reference, a quote or a command.
//
// Texts and values may be hostile. The time is linear in the text and the
// values it names, nesting has a limit, and so has the length of the result: an
// insertion beyond it is left as written.
package value
