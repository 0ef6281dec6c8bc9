package faults_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver of another process
)

// needs tells which tool is missing.
func needs(tools ...string) func() string {
	return func() string {
		for _, tool := range tools {
			if _, err := exec.LookPath(tool); err != nil {
				return "there is no " + tool
			}
		}
		return ""
	}
}

// command runs a command that has to succeed soon.
func command(argv ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", argv, err, out)
	}
	return nil
}

// held has another process, this one, in a transaction on the database.
func held(begin string) variant {
	return variant{name: begin, make: func(s *subject) (func() error, error) {
		db, err := sql.Open("sqlite", "file:"+s.path("data", "dagu.db")+"?_pragma=busy_timeout(5000)")
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if _, err = conn.ExecContext(ctx, begin); err != nil {
			return nil, errors.Join(err, conn.Close(), db.Close())
		}
		return func() error {
			_, err := conn.ExecContext(ctx, "rollback")
			return errors.Join(err, conn.Close(), db.Close())
		}, nil
	}}
}

// injected has the kernel's answers to fsync(2) and fdatasync(2) changed.
func injected(what string) variant {
	return variant{name: "strace " + what, lacks: canTrace, make: func(s *subject) (func() error, error) {
		//nolint:noctx // lift ends it, and so does the end of the process
		trace := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-p", s.pid(),
			"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+what)
		if err := trace.Start(); err != nil {
			return nil, err
		}
		return func() error {
			err := trace.Process.Signal(syscall.SIGINT)
			_ = trace.Wait() // it ended by our signal
			return err
		}, nil
	}}
}

// canTrace tells why no other process can be traced.
func canTrace() string {
	if why := needs("strace", "sleep")(); why != "" {
		return why
	}
	other := exec.Command("sleep", "60") //nolint:noctx // killed below
	if err := other.Start(); err != nil {
		return err.Error()
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait() // it ended by our signal
	}()
	trace := exec.Command("timeout", "1", "strace", "-qq", "-o", "/dev/null", "-p", fmt.Sprint(other.Process.Pid)) //nolint:noctx // ends itself
	var status *exec.ExitError
	if err := trace.Run(); errors.As(err, &status) && status.ExitCode() == 1 {
		return "strace may not attach"
	}
	return ""
}

// moved moves a path away, and puts something in its place.
func moved(name, path, instead string) variant {
	return variant{name: name, make: func(s *subject) (func() error, error) {
		here, away := s.path(path), s.path("away-"+filepath.Base(path))
		if err := os.Rename(here, away); err != nil {
			return nil, err
		}
		var err error
		switch instead {
		case "file":
			err = os.WriteFile(here, nil, 0o600)
		case "dir":
			err = os.Mkdir(here, 0o755)
		case "copy":
			err = command("cp", away, here)
		}
		return func() error { return errors.Join(os.RemoveAll(here), os.Rename(away, here)) }, err
	}}
}

// mounted has the process see a small file system of its own.
func mounted(name, dir string, change, back string) variant {
	lacks := func() string {
		if why := needs("unshare", "nsenter", "mount", "sh", "fallocate")(); why != "" {
			return why
		}
		if err := command("unshare", "-m", "true"); err != nil {
			return "no mount namespace can be made"
		}
		return ""
	}
	return variant{
		name: name, lacks: lacks,
		wrapper: func(s *subject) []string {
			return []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=32m small "$0" && exec "$@"`, s.path(dir)}
		},
		make: func(s *subject) (func() error, error) {
			inside := func(script string) error {
				return command("nsenter", "-t", s.pid(), "-m", "sh", "-c", script, s.path(dir))
			}
			return func() error { return inside(back) }, inside(change)
		},
	}
}

func filled(dir string) variant {
	return mounted("filled "+dir, dir, `head -c 64m /dev/zero >"$0/fill" 2>/dev/null; test -s "$0/fill"`, `rm "$0/fill"`)
}

func readOnly(dir string) variant {
	return mounted("read-only "+dir, dir, `mount -o remount,ro "$0"`, `mount -o remount,rw "$0"`)
}

// noDescriptors takes from the running process the right to open another file.
func noDescriptors() variant {
	return variant{name: "prlimit", lacks: needs("prlimit"), make: func(s *subject) (func() error, error) {
		return func() error { return command("prlimit", "--pid", s.pid(), "--nofile=1024:4096") },
			command("prlimit", "--pid", s.pid(), "--nofile=3:4096")
	}}
}

// noInotify starts the process where nothing can be watched.
func noInotify() variant {
	return variant{
		name: "user namespace", lacks: func() string {
			if why := needs("unshare", "sh")(); why != "" {
				return why
			}
			if err := command("unshare", "-Ur", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_instances"); err != nil {
				return "no limit can be set in a user namespace"
			}
			return ""
		},
		wrapper: func(*subject) []string {
			return []string{"unshare", "-Ur", "sh", "-c", `echo 0 > /proc/sys/user/max_inotify_instances && exec "$0" "$@"`}
		},
		make: func(s *subject) (func() error, error) {
			s.write("dags/second.yaml", "steps:\n  - id: a\n    run: \"true\"\n")
			return func() error { return nil }, nil
		},
	}
}
