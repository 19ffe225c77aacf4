package notify

import (
	"encoding/json"
	"strings"
)

// eventBridgeFields are those of an event of EventBridge, as in "EventBridge
// event message structure" of the S3 User Guide.
type eventBridgeFields struct {
	Source     string       `json:"source"`
	Account    string       `json:"account"`
	Region     string       `json:"region"`
	DetailType string       `json:"detail-type"`
	Detail     *eventDetail `json:"detail"`
}

// eventDetail is the detail of an event: S3's, or that of a Lambda function's result.
type eventDetail struct {
	lambdaFields
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
}

// detailKind holds what tells the kind of an event from its detail alone: the reason of
// created and deleted objects, or one of the others, unless tags or ACLs were changed.
type detailKind struct {
	Reason       string `json:"reason"`
	DeletionType string `json:"deletion-type"`
	RestoredTill string `json:"restore-expiry-time"`
	ClassBefore  string `json:"source-storage-class"`
	ClassNow     string `json:"destination-storage-class"`
	TierNow      string `json:"destination-access-tier"`
}

func (d *document) eventBridge() (m Message, ok bool, err error) {
	switch {
	case d.Source != "aws.s3" || d.Detail == nil:
		return m, false, nil
	case d.DetailType == "Object Created":
		m, err = d.Detail.created()
		for i := range m.Objects {
			m.Objects[i].Region, m.Objects[i].AccountID = d.Region, accountID(d.Account)
		}
		return m, true, err
	case strings.HasPrefix(d.DetailType, "Object "): // Deleted, Tags Added, Restore Completed, ...
		m.Ignored = 1
		return m, true, nil
	default: // CloudTrail's records of calls to S3 have this source too
		return m, false, nil
	}
}

// accountID returns text if it is an account id, else "".
func accountID(text string) string {
	if len(text) != 12 || strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

// detailAlone reads what is left of an event when a rule's target has the input path
// $.detail. Nothing tells the event of changed tags or ACLs from a created object there.
func (d *document) detailAlone() (m Message, ok bool, err error) {
	var e struct {
		eventDetail
		detailKind
	}
	if err := json.Unmarshal(d.body, &e); err != nil {
		return m, false, undecodable(err)
	}
	if e.Bucket.Name == "" || e.Object.Key == "" {
		return m, false, nil
	}
	if e.isCreated() {
		m, err = e.created()
		return m, true, err
	}
	m.Ignored = 1
	return m, true, nil
}

func (k *detailKind) isCreated() bool {
	return k.DeletionType+k.RestoredTill+k.ClassBefore+k.ClassNow+k.TierNow == "" &&
		k.Reason != "DeleteObject" && k.Reason != "Lifecycle Expiration"
}

// created returns the object that an event says was created.
func (e *eventDetail) created() (m Message, err error) {
	o := &e.Object
	created, err := newObject(e.Bucket.Name, o.Key, o.Size, o.ETag, o.VersionID, o.Sequencer)
	if err != nil {
		return m, err
	}
	m.Objects = []Object{created}
	return m, nil
}
