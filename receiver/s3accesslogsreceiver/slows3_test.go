package s3accesslogsreceiver

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
)

// slowS3 is as much of S3 as the receiver needs, each answer of which takes
// latency. Its objects are all the same.
type slowS3 struct {
	latency time.Duration
	keys    []string // in order
	body    string
}

func (s *slowS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.latency)
	if r.URL.Query().Get("list-type") != "2" {
		w.Header().Set("ETag", `"etag"`)
		_, _ = w.Write([]byte(s.body))
		return
	}
	s.list(w, r)
}

func (s *slowS3) list(w http.ResponseWriter, r *http.Request) {
	type object struct {
		Key, ETag    string
		Size         int
		LastModified string
	}
	var answer struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		IsTruncated           bool
		NextContinuationToken string
		Contents              []object
	}
	q := r.URL.Query()
	from := max(q.Get("start-after"), q.Get("continuation-token"))
	first, found := slices.BinarySearch(s.keys, from)
	if found {
		first++
	}
	now := time.Now().UTC().Format(time.RFC3339)
	for _, key := range s.keys[first:] {
		if !strings.HasPrefix(key, q.Get("prefix")) {
			continue
		}
		if len(answer.Contents) == 1000 {
			answer.IsTruncated = true
			answer.NextContinuationToken = answer.Contents[999].Key
			break
		}
		answer.Contents = append(answer.Contents, object{key, `"etag"`, len(s.body), now})
	}
	_ = xml.NewEncoder(w).Encode(answer)
}
