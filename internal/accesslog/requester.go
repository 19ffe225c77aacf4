package accesslog

import "strings"

// RequesterType is the closed set of aws.requester.type.
type RequesterType string

// The types of requesters.
const (
	RequesterAnonymous     RequesterType = "anonymous"
	RequesterCanonicalUser RequesterType = "canonical_user"
	RequesterIAMUser       RequesterType = "iam_user"
	RequesterAssumedRole   RequesterType = "assumed_role"
	RequesterFederatedUser RequesterType = "federated_user"
	RequesterRoot          RequesterType = "root"
	RequesterCloudFront    RequesterType = "cloudfront"
	RequesterAWSService    RequesterType = "aws_service"
	RequesterOther         RequesterType = "other"
)

// Requester is what field 5 tells of who made the request. Its strings are
// parts of that field.
type Requester struct {
	Type        RequesterType
	UserName    string // of an ARN
	SessionName string // of an assumed role
	AccountID   string // of an ARN, when it is an account number
}

// ParseRequester classifies field 5; "" is an anonymous requester. It does not
// allocate.
func ParseRequester(s string) Requester {
	switch {
	case s == "" || s == "-":
		return Requester{Type: RequesterAnonymous}
	case strings.HasPrefix(s, "arn:"):
		return parseARN(s)
	case (len(s) == 64 || len(s) == 96) && isAll(s, classHex):
		return Requester{Type: RequesterCanonicalUser}
	case s == "AmazonS3", strings.HasPrefix(s, "svc:"),
		strings.HasSuffix(s, ".amazonaws.com"), strings.HasSuffix(s, ".amazonaws.com.cn"):
		return Requester{Type: RequesterAWSService}
	}
	return Requester{Type: RequesterOther}
}

// parseARN reads arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE of any
// partition. Source of the forms: "IAM identifiers" in the IAM User Guide.
func parseARN(s string) Requester {
	q := Requester{Type: RequesterOther}
	_, s, _ = strings.Cut(s, ":")
	_, s, _ = strings.Cut(s, ":")
	service, s, _ := strings.Cut(s, ":")
	_, s, _ = strings.Cut(s, ":")
	account, resource, ok := strings.Cut(s, ":")
	if !ok {
		return q
	}
	if isAccountID(account) {
		q.AccountID = account
	}
	kind, path, _ := strings.Cut(resource, "/")
	switch {
	case service == "iam" && account == "cloudfront" && kind == "user":
		q.Type, q.UserName = RequesterCloudFront, path
	case service == "iam" && kind == "user":
		q.Type, q.UserName = RequesterIAMUser, lastPart(path)
	case service == "iam" && resource == "root":
		q.Type = RequesterRoot
	case service == "iam" && kind == "role":
		q.UserName = lastPart(path)
	case service == "sts" && kind == "assumed-role":
		q.Type = RequesterAssumedRole
		q.UserName, q.SessionName = roleAndSession(path)
	case service == "sts" && kind == "federated-user":
		q.Type, q.UserName = RequesterFederatedUser, path
	}
	return q
}

// roleAndSession splits ROLE/SESSION. Neither a role's nor a session's own name
// can hold a slash.
func roleAndSession(s string) (role, session string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, ""
	}
	return lastPart(s[:i]), s[i+1:]
}

// lastPart returns a name without the path before it.
func lastPart(s string) string {
	return s[strings.LastIndexByte(s, '/')+1:]
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}
