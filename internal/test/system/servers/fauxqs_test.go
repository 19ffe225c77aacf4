package servers

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServersFauxqsTakesAMessage(t *testing.T) {
	endpoint := Fauxqs(t)
	call := func(action string, in map[string]any) (out struct {
		QueueUrl string
		Messages []struct{ Body string }
	},
	) {
		body, err := json.Marshal(in)
		require.NoError(t, err)
		answer := post(t, endpoint, http.Header{
			"Content-Type": {"application/x-amz-json-1.0"},
			"X-Amz-Target": {"AmazonSQS." + action},
		}, body)
		require.NoError(t, json.Unmarshal(answer, &out))
		return out
	}
	queue := call("CreateQueue", map[string]any{"QueueName": "made"}).QueueUrl
	assert.Equal(t, endpoint+"/000000000000/made", queue)
	call("SendMessage", map[string]any{"QueueUrl": queue, "MessageBody": "hello"})
	got := call("ReceiveMessage", map[string]any{"QueueUrl": queue}).Messages
	require.Len(t, got, 1)
	assert.Equal(t, "hello", got[0].Body)
}
