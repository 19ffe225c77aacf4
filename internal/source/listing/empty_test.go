package listing

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// What start_from leaves out is logged, with its number and the newest of it: nothing says
// that there are no log objects.
func TestWhatStartFromLeavesOutIsTold(t *testing.T) {
	for objects, want := range map[int]string{
		85:   "s3://b/p/ has log objects (85, the newest of 2002-08-30: \"p/2002-08-30-00-00-00-",
		2500: "s3://b/p/ has log objects (at least 1000, such as \"p/",
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			var notices []string
			empty := 0
			r := newRig(t, func(s *settings) {
				from("latest")(s)
				s.Empty, s.Notice = func(bool) { empty++ }, noticesTo(&notices)
			})
			for i := range objects {
				at := time.Now().Add(-28 * fullDay).Add(time.Duration(i-objects+1) * time.Hour)
				r.put(simpleKey(at, i), at)
			}
			assert.Empty(t, r.during(t, time.Hour))
			assert.Zero(t, empty)
			logged := strings.Join(notices, "\n")
			assert.Contains(t, logged, want)
			assert.Contains(t, logged, "but none is to be read: start_from: latest leaves them out")
		})
	}
}
