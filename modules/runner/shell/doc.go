// Package shell builds the command lines that shells are started with. It is
// pure: it looks at no file and starts nothing.
//
// What a shell wants to hear depends on its family, which is told by the base
// name of its program, without ".exe" and in any case:
//
//	family                             a command                      a script
//	sh bash zsh ksh ash dash           ARGS [-e] -c TEXT              ARGS [-e] FILE
//	nix-shell                          -p PKG... --pure --run TEXT    the same, TEXT reads FILE
//	powershell pwsh                    -NoProfile -NonInteractive     -ExecutionPolicy Bypass
//	                                   -Command TEXT                  -File FILE
//	cmd                                /c TEXT                        /c FILE
//	any other                          ARGS -c TEXT                   ARGS FILE
package shell
