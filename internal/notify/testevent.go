package notify

// testFields are those of the message that S3 sends when its notifications are
// configured.
type testFields struct {
	Event string `json:"Event"`
}

func (d *document) testEvent() (Message, bool, error) {
	return Message{Test: true}, d.Event == "s3:TestEvent", nil
}
