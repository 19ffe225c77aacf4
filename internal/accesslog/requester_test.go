package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var requesterTests = []struct {
	field string
	want  Requester
}{
	{"", Requester{Type: RequesterAnonymous}},
	{"-", Requester{Type: RequesterAnonymous}},
	{testOwner, Requester{Type: RequesterCanonicalUser}},
	{testOwner + testOwner[:32], Requester{Type: RequesterCanonicalUser}},
	{testOwner[:63], Requester{Type: RequesterOther}},
	{"arn:aws:iam::123456789012:user/alice", Requester{Type: RequesterIAMUser, UserName: "alice", AccountID: "123456789012"}},
	{"arn:aws-us-gov:iam::123456789012:user/team/alice", Requester{Type: RequesterIAMUser, UserName: "alice", AccountID: "123456789012"}},
	{"arn:aws:iam::123456789012:user/alice@example.com", Requester{Type: RequesterIAMUser, UserName: "alice@example.com", AccountID: "123456789012"}},
	{"arn:aws:iam::123456:user/alice", Requester{Type: RequesterIAMUser, UserName: "alice"}},
	{"arn:aws:sts::123456789012:assumed-role/ROLE/SESSION", Requester{
		Type: RequesterAssumedRole, UserName: "ROLE", SessionName: "SESSION", AccountID: "123456789012",
	}},
	{"arn:aws-cn:sts::123456789012:assumed-role/AWSReservedSSO_Admin_01/alice@example.com", Requester{
		Type: RequesterAssumedRole, UserName: "AWSReservedSSO_Admin_01", SessionName: "alice@example.com", AccountID: "123456789012",
	}},
	{"arn:aws:sts::123456789012:assumed-role/ROLE", Requester{Type: RequesterAssumedRole, UserName: "ROLE", AccountID: "123456789012"}},
	{"arn:aws:sts::123456789012:federated-user/bob", Requester{Type: RequesterFederatedUser, UserName: "bob", AccountID: "123456789012"}},
	{"arn:aws:iam::123456789012:root", Requester{Type: RequesterRoot, AccountID: "123456789012"}},
	{"arn:aws:iam::123456789012:role/path/ROLE", Requester{Type: RequesterOther, UserName: "ROLE", AccountID: "123456789012"}},
	{"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE", Requester{
		Type: RequesterCloudFront, UserName: "CloudFront Origin Access Identity E2EXAMPLE",
	}},
	{"AmazonS3", Requester{Type: RequesterAWSService}},
	{"svc:delivery.logs.amazonaws.com", Requester{Type: RequesterAWSService}},
	{"cloudtrail.amazonaws.com", Requester{Type: RequesterAWSService}},
	{"cloudtrail.amazonaws.com.cn", Requester{Type: RequesterAWSService}},
	{"arn:aws", Requester{Type: RequesterOther}},
	{"arn:", Requester{Type: RequesterOther}},
	{"arn:aws:iam::123456789012:", Requester{Type: RequesterOther, AccountID: "123456789012"}},
	{"Anonymous", Requester{Type: RequesterOther}},
}

func TestParseRequester(t *testing.T) {
	for _, test := range requesterTests {
		assert.Equal(t, test.want, ParseRequester(test.field), test.field)
	}
}
