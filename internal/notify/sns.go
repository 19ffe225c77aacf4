package notify

// snsFields are those of a topic's message to a queue. With raw message delivery SNS
// sends only the content of Message.
type snsFields struct {
	Type    string `json:"Type"`
	Message string `json:"Message"`
}

// sns returns the text that SNS wrapped. The confirmation of a subscription has
// a Message too, for people.
func (d *document) sns() (text []byte, ok bool) {
	return []byte(d.Message), d.Type == "Notification"
}

// snsOfLambda returns the text that SNS wrapped for a Lambda function, one at a time.
func (d *document) snsOfLambda() (text []byte, ok bool) {
	if len(d.Records) != 1 || d.Records[0].SNS == nil || d.Records[0].Source != "aws:sns" {
		return nil, false
	}
	return []byte(d.Records[0].SNS.Message), true
}
