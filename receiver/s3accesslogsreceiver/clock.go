package s3accesslogsreceiver

import "time"

// clock is the time as the status and shared receivers see it.
type clock interface {
	Now() time.Time
	// AfterFunc calls f once in a goroutine of its own, d from now. The timer's Stop
	// prevents it.
	AfterFunc(d time.Duration, f func()) *time.Timer
}

type systemClock struct{}

func (systemClock) Now() time.Time                                  { return time.Now() }
func (systemClock) AfterFunc(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }
