package notify

import "strings"

// eventBridgeFields are those of an event of EventBridge, as in "EventBridge
// event message structure" of the S3 User Guide.
type eventBridgeFields struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     *struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"` // as it is, not encoded
			Size      *int64 `json:"size"`
			ETag      string `json:"etag"`
			VersionID string `json:"version-id"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"detail"`
}

func (d *document) eventBridge() (m Message, ok bool, err error) {
	switch {
	case d.Source != "aws.s3" || d.Detail == nil:
		return m, false, nil
	case d.DetailType == "Object Created":
		o := &d.Detail.Object
		created, err := newObject(d.Detail.Bucket.Name, o.Key, o.Size, o.ETag, o.VersionID, o.Sequencer)
		if err != nil {
			return m, true, err
		}
		m.Objects = []Object{created}
		return m, true, nil
	case strings.HasPrefix(d.DetailType, "Object "): // Deleted, Tags Added, Restore Completed, ...
		m.Ignored = 1
		return m, true, nil
	default: // CloudTrail's records of calls to S3 have this source too
		return m, false, nil
	}
}
