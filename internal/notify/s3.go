package notify

import (
	"net/url"
	"strings"
)

// s3Fields are those of S3's own notifications, as in "Event message structure"
// of the S3 User Guide.
type s3Fields struct {
	Records []s3Record `json:"Records"`
}

type s3Record struct {
	Source string `json:"eventSource"` // aws:s3, minio:s3, ceph:s3
	Event  string `json:"eventName"`
	S3     *struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"` // form-encoded
			Size      *int64 `json:"size"`
			ETag      string `json:"eTag"`
			VersionID string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

func (d *document) s3() (m Message, ok bool, err error) {
	if len(d.Records) == 0 {
		return m, false, nil
	}
	m.Objects = make([]Object, 0, len(d.Records))
	for i := range d.Records {
		r := &d.Records[i]
		// Other services of AWS send Records too.
		if r.S3 == nil || r.Event == "" || r.Source != "" && !strings.HasSuffix(r.Source, ":s3") {
			return Message{}, true, unknown("Records that are not those of S3")
		}
		// In queues the name has no "s3:" in front, in MinIO's it has.
		if !strings.HasPrefix(strings.TrimPrefix(r.Event, "s3:"), "ObjectCreated:") {
			m.Ignored++
			continue
		}
		o, err := r.object()
		if err != nil {
			return Message{}, true, err
		}
		m.Objects = append(m.Objects, o)
	}
	return m, true, nil
}

func (r *s3Record) object() (Object, error) {
	o := &r.S3.Object
	// A partly decoded key would name an object that does not exist, and so counts as
	// done.
	key, err := url.QueryUnescape(o.Key)
	if err != nil {
		return Object{}, unknown("a key that is not form-encoded")
	}
	return newObject(r.S3.Bucket.Name, key, o.Size, o.ETag, o.VersionID, o.Sequencer)
}

// newObject checks the fields of an event, and normalizes them.
func newObject(bucket, key string, size *int64, etag, version, sequencer string) (Object, error) {
	if bucket == "" || key == "" {
		return Object{}, unknown("an event without bucket or key")
	}
	o := Object{
		Bucket: bucket, Key: key, Size: -1,
		ETag: strings.Trim(etag, `"`), VersionID: version, Sequencer: sequencer,
	}
	if size != nil && *size >= 0 {
		o.Size = *size
	}
	return o, nil
}
