package shutdownwhendoneextension

import "os"

// process is what the extension does to the process it is in.
type process struct {
	// catch makes SIGTERM go to a channel, in place of its default action, until stop is
	// called. An error means that this system has no such signal.
	catch func(chan<- os.Signal) (stop func(), err error)
	send  func() error // sends SIGTERM to the process itself
	exit  func(status int)
}
