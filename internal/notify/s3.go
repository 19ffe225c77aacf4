package notify

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
)

// s3Fields are those of S3's own notifications, as in "Event message structure"
// of the S3 User Guide.
type s3Fields struct {
	Records []record `json:"Records"`
}

// record is one event.
type record struct {
	err    error      // why it could not be decoded
	Source string     `json:"eventSource"` // aws:s3, minio:s3, ceph:s3; aws:sns
	Event  string     `json:"eventName"`
	Region string     `json:"awsRegion"`
	SNS    *snsFields `json:"Sns"` // of a message that a topic sent to a Lambda function
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

// decodeRecords decodes each record apart, so that one with a value of another type
// leaves the others readable. It returns false when there are none.
func (d *document) decodeRecords() bool {
	var apart struct {
		Records []json.RawMessage `json:"Records"`
	}
	if json.Unmarshal(d.body, &apart) != nil || len(apart.Records) == 0 {
		return false
	}
	d.Records = make([]record, len(apart.Records))
	for i, text := range apart.Records {
		if err := json.Unmarshal(text, &d.Records[i]); err != nil {
			d.Records[i] = record{err: undecodable(err)}
		}
	}
	return true
}

// records reads a list of events: those that can be read, if there is one.
func (d *document) records() (m Message, ok bool, err error) {
	if d.Records == nil {
		return m, false, nil
	}
	m.Objects, m.Empty = make([]Object, 0, len(d.Records)), len(d.Records) == 0
	read := m.Empty
	for i := range d.Records {
		if err := d.Records[i].addTo(&m); err == nil {
			read = true
		} else if m.Unread == nil {
			m.Unread = err
		}
	}
	if !read {
		return Message{}, true, m.Unread
	}
	return m, true, nil
}

// addTo adds what an event tells to the message.
func (r *record) addTo(m *Message) error {
	switch {
	case r.err != nil:
		return r.err
	case r.S3 == nil || r.Event == "" || r.Source != "" && !strings.HasSuffix(r.Source, ":s3"):
		return unknown("Records that are not those of S3") // other services of AWS send them too
	case !strings.HasPrefix(strings.TrimPrefix(r.Event, "s3:"), "ObjectCreated:"): // in MinIO's the name has "s3:" in front
		m.Ignored++
		return nil
	}
	o, err := r.object()
	o.Region = r.Region
	if err == nil {
		m.Objects = append(m.Objects, o)
	}
	return err
}

func (r *record) object() (Object, error) {
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
	switch {
	case bucket == "" || key == "":
		return Object{}, unknown("an event without bucket or key")
	case strings.ContainsFunc(bucket, unicode.IsControl): // no request can be made with it
		return Object{}, unknown("a bucket's name with control characters")
	}
	o := Object{Bucket: bucket, Key: key, Size: -1, ETag: entityTag(etag), VersionID: version, Sequencer: sequencer}
	if size != nil && *size >= 0 {
		o.Size = *size
	}
	return o, nil
}

// entityTag returns an ETag without quotes, or "" for what no header can have as one: a
// request with it would never be sent. The object is then what its bucket and key name.
func entityTag(etag string) string {
	etag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	for i := range len(etag) {
		if c := etag[i]; c <= ' ' || c == '"' || c >= 0x7f {
			return ""
		}
	}
	return etag
}
