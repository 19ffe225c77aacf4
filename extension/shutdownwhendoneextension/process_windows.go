package shutdownwhendoneextension

import (
	"errors"
	"os"
)

var errWindows = errors.New("shutdown_when_done cannot be used on Windows, where a process cannot send itself SIGTERM: leave it out of service::extensions")

func thisProcess() process {
	return process{
		catch: func(chan<- os.Signal) (func(), error) { return nil, errWindows },
		send:  func() error { return errWindows },
		exit:  os.Exit,
	}
}
