// Package action holds what a step can do without a shell: "action: NAME" with
// its "with".
//
// An action is one small file: a [Definition] with the fields that its with may
// hold, the checks of what they say, and what it does. The loader of workflow
// files checks with by the same fields that the runner hands on to Run, and the
// schema for editors is made from them, so that the three cannot differ.
//
// A value is checked twice. When a file is loaded, a text that holds a "$" may
// still become anything and is let through; when the step starts, every text is
// final and every field is checked. Run gets values that passed.
package action
