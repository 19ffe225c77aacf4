//go:build !windows

package shutdownwhendoneextension

import (
	"os"
	"os/signal"
	"syscall"
)

func thisProcess() process {
	return process{
		catch: func(c chan<- os.Signal) (func(), error) {
			signal.Notify(c, syscall.SIGTERM)
			return func() { signal.Stop(c) }, nil
		},
		send: func() error { return syscall.Kill(syscall.Getpid(), syscall.SIGTERM) },
		exit: os.Exit,
	}
}
