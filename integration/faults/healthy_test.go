package faults_test

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// emptied removes all files from the DAG directory, which somebody may mean.
func emptied() variant {
	return variant{name: "files deleted", make: func(s *subject) (func() error, error) {
		err := os.Remove(s.path("dags", "idle.yaml"))
		return func() error { return nil }, err
	}}
}

// swapped changes a link as the kubelet does.
func swapped() variant {
	return variant{
		name: "..data swapped",
		make: func(s *subject) (func() error, error) {
			for i := range 5 {
				version := fmt.Sprintf("dags/..v%d", i)
				s.write(version+"/map.yaml", fmt.Sprintf("schedule: \"%d 4 29 2 *\"\nsteps:\n  - id: a\n    run: \"true\"\n", i))
				if err := os.Symlink(fmt.Sprintf("..v%d", i), s.path("dags", "..data_tmp")); err != nil {
					return nil, err
				}
				if err := os.Rename(s.path("dags", "..data_tmp"), s.path("dags", "..data")); err != nil {
					return nil, err
				}
				if i == 0 {
					if err := os.Symlink("..data/map.yaml", s.path("dags", "map.yaml")); err != nil {
						return nil, err
					}
				}
			}
			return func() error { return nil }, nil
		},
	}
}

// paused stops the process for longer than any threshold. Nobody is answered
// meanwhile, so the time before it goes on is not watched.
func paused() variant {
	return variant{name: "SIGSTOP, SIGCONT", make: func(s *subject) (func() error, error) {
		return func() error { return nil }, s.pause(stall() + 10*time.Second)
	}}
}

// pause stops the process for a while, and the watch with it.
func (s *subject) pause(d time.Duration) error {
	s.watch.hold()
	defer s.watch.goOn()
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	wait(d, func() bool { return false })
	return s.cmd.Process.Signal(syscall.SIGCONT)
}

// rewritten writes many DAG files again and again.
func rewritten(n int) variant {
	return variant{name: "writer", make: func(s *subject) (func() error, error) {
		stop := make(chan struct{})
		var writer sync.WaitGroup
		var failed error
		writer.Go(func() {
			for i := 0; failed == nil; i++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprintf("schedule: \"%d 4 29 2 *\"\nsteps:\n  - id: a\n    run: \"true\"\n", i/n%60)
				failed = os.WriteFile(s.path("dags", fmt.Sprintf("many-%d.yaml", i%n)), []byte(text), 0o600)
				if i%100 == 0 {
					wait(100*time.Millisecond, func() bool { return false })
				}
			}
		})
		return func() error {
			close(stop)
			writer.Wait()
			return failed
		}, nil
	}}
}
