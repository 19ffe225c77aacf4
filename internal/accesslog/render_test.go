package accesslog

import "strings"

const (
	testOwner  = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	testHostID = "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
)

// logged holds the text of each field as S3 writes it, quotes and brackets
// included, by the field's number.
type logged [lastField + 1]string

// signed is a signed request over TLS.
func signed() logged {
	return logged{
		FieldOwner:            testOwner,
		FieldBucket:           "example-bucket",
		FieldTime:             "[06/Feb/2026:00:00:38 +0000]",
		FieldRemoteIP:         "192.0.2.3",
		FieldRequester:        "arn:aws:iam::123456789012:user/alice",
		FieldRequestID:        "3E57427F3EXAMPLE",
		FieldOperation:        "REST.GET.OBJECT",
		FieldKey:              "photos/puppy.jpg",
		FieldRequestURI:       `"GET /photos/puppy.jpg?versionId=3HL4kqtJvjVBH40Nrjfkd HTTP/1.1"`,
		FieldStatus:           "200",
		FieldErrorCode:        "-",
		FieldBytesSent:        "2662992",
		FieldObjectSize:       "3462992",
		FieldTotalTime:        "70",
		FieldTurnAroundTime:   "10",
		FieldReferer:          `"https://example.org/"`,
		FieldUserAgent:        `"curl/8.17.0"`,
		FieldVersionID:        "3HL4kqtJvjVBH40Nrjfkd",
		FieldHostID:           testHostID,
		FieldSignatureVersion: "SigV4",
		FieldCipherSuite:      "ECDHE-RSA-AES128-GCM-SHA256",
		FieldAuthType:         "AuthHeader",
		FieldHostHeader:       "example-bucket.s3.eu-west-1.amazonaws.com",
		FieldTLSVersion:       "TLSv1.2",
		FieldAccessPointARN:   "-",
		FieldACLRequired:      "-",
		FieldSourceRegion:     "eu-west-1",
	}
}

// anonymous is an unsigned request over TLS.
func anonymous() logged {
	l := signed()
	l[FieldRequester], l[FieldSignatureVersion], l[FieldAuthType] = "-", "-", "-"
	return l
}

// plain is an unsigned request without TLS: the tail with the fewest words that
// anchor it.
func plain() logged {
	l := anonymous()
	l[FieldCipherSuite], l[FieldTLSVersion] = "-", "-"
	return l
}

func (l logged) with(f Field, text string) logged {
	l[f] = text
	return l
}

// line writes the record with its first fields, 18 to 27.
func (l logged) line(fields Field) string {
	return strings.Join(l[FieldOwner:fields+1], " ")
}
