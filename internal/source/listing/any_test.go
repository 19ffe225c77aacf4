package listing

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnyReadsObjectsOfAllNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Layout, s.KeyPattern = Any, `\.log(?:\.gz)?$`
			s.Notice = noticesTo(&logged)
		})
		r.size = 2
		old := time.Now().Add(-300 * fullDay)
		want := []string{"p/daily-2001.log.gz", "p/a/b/c.log", "p/" + strings.Repeat("d/", 20) + "x.log"}
		for _, key := range want {
			r.put(key, old)
		}
		r.put("p/folder.log/", old)
		r.put("p/README", old)
		assert.Equal(t, sorted(want), sorted(r.during(t, time.Hour)))
		require.Len(t, logged, 1)
		assert.Contains(t, logged[0], "all below s3://b/p/ is listed every 10m0s: 3 LIST requests each time, 432 a day")

		before := r.lists
		assert.Empty(t, r.during(t, fullDay))
		assert.InDelta(t, 432, r.lists-before, 3)

		later := "p/later.log"
		r.put(later, time.Now())
		r.restart(t)
		assert.Equal(t, []string{later}, r.during(t, time.Hour))
		require.Len(t, r.store.Groups(), 2)
		r.objects = r.objects[len(r.objects)-1:]
		r.put("p/more.log", time.Now())
		r.during(t, time.Hour)
		assert.Equal(t, []string{"any/" + dayOf(time.Now()).String()}, r.store.Groups(), "what is deleted is forgotten")
	})
}

func TestAnyBeginsAtStartFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { s.Layout = Any })
		r.put("p/old", time.Now().Add(-time.Hour))
		assert.Empty(t, r.during(t, time.Hour))
		r.put("p/new", time.Now())
		assert.Equal(t, []string{"p/new"}, r.during(t, time.Hour))
		r.putTag("p/old", "another", time.Now()) // it was overwritten
		assert.Equal(t, []string{"p/old"}, r.during(t, time.Hour))
	})
}
