package notify

// snsFields are those of a topic's message to a queue. With raw message delivery SNS
// sends only the content of Message.
type snsFields struct {
	Type    string `json:"Type"`
	Message string `json:"Message"`
}

// sns returns the text that SNS wrapped. The confirmation of a subscription has
// a Message too, for people.
func (d *document) sns() (text string, ok bool) {
	return d.Message, d.Type == "Notification"
}
