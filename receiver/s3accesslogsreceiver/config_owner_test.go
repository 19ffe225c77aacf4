package s3accesslogsreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOneOwnerForBucketsOfSeveralAccountsIsRefused(t *testing.T) {
	const role = `{role_arn: "arn:aws:iam::111122223333:role/r", buckets: [b]`
	for _, source := range []string{"bucket: {name: b, ", `queue: {url: "https://sqs.eu-west-1.amazonaws.com/111122223333/q", `} {
		for settings, refused := range map[string]bool{
			`expected_bucket_owner: "444455556666"}, aws: {roles: [` + role + `}]}`:                                        true,
			`expected_bucket_owner: "444455556666"}, aws: {roles: [` + role + `, expected_bucket_owner: "111122223333"}]}`: false,
			`expected_bucket_owner: "444455556666"}, aws: {roles: [` + role + `, expected_bucket_owner: "*"}]}`:            false,
			`expected_bucket_owner: "111122223333"}, aws: {roles: [` + role + `}]}`:                                        false,
			`expected_bucket_owner: "*"}, aws: {roles: [` + role + `}]}`:                                                   false,
			`expected_bucket_owner: "444455556666"}`:                                                                       false,
			`}, aws: {roles: [` + role + `}]}`:                                                                             false,
		} {
			_, err := load(t, "{"+source+settings+"}")
			if refused {
				assert.ErrorContains(t, err, "::expected_bucket_owner` is 444455556666, but aws.roles are of other accounts (111122223333)", source+settings)
			} else {
				assert.NoError(t, err, source+settings)
			}
		}
	}
}
