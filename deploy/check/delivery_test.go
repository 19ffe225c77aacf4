package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// request is one that a policy has to decide about. The values of the condition
// keys that it has are in context.
type request struct {
	service          string // the principal's; "": an administrator of the account
	principal        string // the principal's account in another account's policy; "" with a service
	action, resource string
	context          map[string]string
}

// allowed works out a resource's policy as IAM does: what is denied is denied,
// whatever allows it.
func allowed(t *testing.T, policy map[string]statement, r request) bool {
	t.Helper()
	allow := r.service == "" && r.principal == "" // by the identity's own policy
	for sid, s := range policy {
		if !meant(s, r) || !matches(s.Actions, r.action) || !matches(s.Resources, r.resource) || !holds(t, s, r) {
			continue
		}
		switch s.Effect {
		case "Deny":
			return false
		case "Allow":
			allow = true
		default:
			require.Fail(t, "neither Allow nor Deny", sid)
		}
	}
	return allow
}

// meant reports whether a statement is about the principal of a request.
func meant(s statement, r request) bool {
	switch {
	case s.Service != "":
		return s.Service == r.service
	case len(s.AWS) > 0:
		return slices.Contains(s.AWS, "*") || slices.Contains(s.AWS, r.principal)
	}
	return true // an identity's policy
}

func holds(t *testing.T, s statement, r request) bool {
	t.Helper()
	for condition, values := range s.Conditions {
		operator, key, _ := strings.Cut(condition, " ")
		value, has := r.context[key]
		var holds bool
		switch operator {
		case "StringEquals", "Bool":
			holds = has && slices.Contains(values, value)
		case "StringNotEquals": // holds without the key too
			holds = !slices.Contains(values, value)
		case "ArnEquals", "ArnLike", "StringLike": // the first two are the same
			holds = has && matches(values, value)
		default:
			require.Fail(t, "an operator that the tests do not know", operator)
		}
		if !holds {
			return false
		}
	}
	return true
}

// matches reports whether one of the patterns, in which "*" stands for anything,
// is that of the text.
func matches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(text)
	})
}

// bucketPolicies are those of the log bucket, of both kinds of template. The log
// bucket is named as a source, as somebody may do by mistake.
func bucketPolicies(t *testing.T, layout string) map[string]map[string]statement {
	t.Helper()
	of := map[string]string{"partitioned": "partitioned-by-delivery-time", "simple": "simple"}[layout]
	return map[string]map[string]statement{
		"CloudFormation": templatePoliciesWith(t, map[string]string{"Layout": layout, "SourceBuckets": "shop,logs"})["bucket"],
		"Terraform": terraformPoliciesWith(t, map[string]cty.Value{
			"source_buckets": cty.MapVal(map[string]cty.Value{"shop": cty.StringVal(of), "logs": cty.StringVal(of)}),
		})["bucket"],
	}
}

// The log bucket takes logs of the named buckets only, and of them only what they
// cannot have made up; nobody else writes to it or deletes from it.
func TestWhoMayWriteIntoTheLogBucket(t *testing.T) {
	const own, object = logBucket + "/access/" + account + "/" + region + "/", "shop/2026/11/09/2026-11-09-10-00-00-0123456789ABCDEF"
	delivery := func(resource string, but map[string]string) request {
		r := request{"logging.s3.amazonaws.com", "", "s3:PutObject", resource, map[string]string{
			"aws:SourceAccount": account, "aws:SourceArn": "arn:aws:s3:::shop",
			"aws:PrincipalServiceName": "logging.s3.amazonaws.com", "aws:SecureTransport": "true",
		}}
		maps.Copy(r.context, but)
		return r
	}
	secure := map[string]string{"aws:SecureTransport": "true"}
	for name, c := range map[string]struct {
		request             request
		partitioned, simple bool
	}{
		"a delivery":                     {delivery(own+object, nil), true, true},
		"one into another account":       {delivery(logBucket+"/access/444455556666/"+region+"/"+object, nil), false, true},
		"one into another region":        {delivery(logBucket+"/access/"+account+"/eu-west-1/"+object, nil), false, true},
		"one without folders":            {delivery(logBucket+"/access/2026-11-09-10-00-00-0123456789ABCDEF", nil), false, true},
		"one outside of the prefix":      {delivery(logBucket+"/"+account+"/"+region+"/"+object, nil), false, false},
		"one of a bucket not named":      {delivery(own+object, map[string]string{"aws:SourceArn": "arn:aws:s3:::other"}), false, false},
		"one of another account":         {delivery(own+object, map[string]string{"aws:SourceAccount": "444455556666"}), false, false},
		"one of the log bucket itself":   {delivery(own+object, map[string]string{"aws:SourceArn": logBucket}), false, false},
		"one without TLS":                {delivery(own+object, map[string]string{"aws:SecureTransport": "false"}), false, false},
		"one of another service":         {request{"s3.amazonaws.com", "", "s3:PutObject", own + object, delivery("", map[string]string{"aws:PrincipalServiceName": "s3.amazonaws.com"}).context}, false, false},
		"an administrator's object":      {request{"", "", "s3:PutObject", own + object, secure}, false, false},
		"an administrator deletes":       {request{"", "", "s3:DeleteObject", own + object, secure}, false, false},
		"an administrator purges":        {request{"", "", "s3:DeleteObjectVersion", own + object, secure}, false, false},
		"an administrator reads":         {request{"", "", "s3:GetObject", own + object, secure}, true, true},
		"an administrator without TLS":   {request{"", "", "s3:GetObject", own + object, map[string]string{"aws:SecureTransport": "false"}}, false, false},
		"an administrator's other place": {request{"", "", "s3:PutObject", logBucket + "/other", secure}, false, false},
	} {
		for layout, want := range map[string]bool{"partitioned": c.partitioned, "simple": c.simple} {
			for kind, policy := range bucketPolicies(t, layout) {
				assert.Equal(t, want, allowed(t, policy, c.request), "%s: %s, layout %s", kind, name, layout)
			}
		}
	}
}

// Source buckets are named: a wildcard is taken by neither.
func TestSourceBucketsAreNamed(t *testing.T) {
	var parameter struct {
		Default *string
		Pattern string `yaml:"AllowedPattern"`
	}
	c := loadTemplate(t, "logs.yaml", choices()["queue sqs false"])
	require.NoError(t, c.entries("Parameters")["SourceBuckets"].Decode(&parameter))
	assert.Nil(t, parameter.Default, "who names none lets all deliver")
	text := read(t, "deploy/aws/terraform/variables.tf")
	pattern := between(t, text, `regex("`, `"`)
	for bucket, want := range map[string]bool{"shop": true, "shop.example": true, "*": false, "sho*": false, "sho?": false, "": false, "arn:aws:s3:::shop": false} {
		assert.Equal(t, want, regexp.MustCompile("^(?:"+parameter.Pattern+")$").MatchString(bucket), bucket)
		assert.Equal(t, want, regexp.MustCompile(pattern).MatchString(bucket), bucket)
	}
}

// Who trusts a service trusts it for this account, where the service tells.
func TestServicesActForThisAccountOnly(t *testing.T) {
	for service, from := range map[string]map[string]string{
		"ec2.amazonaws.com":       {},
		"ecs-tasks.amazonaws.com": {"aws:SourceAccount": account, "aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:cluster/c"},
		"pods.eks.amazonaws.com": {
			"aws:RequestTag/kubernetes-namespace": "otelcol-s3audit", "aws:RequestTag/kubernetes-service-account": "otelcol-s3audit",
			"aws:RequestTag/eks-cluster-arn": "arn:aws:eks:us-east-1:111122223333:cluster/c",
		},
	} {
		for kind, policies := range map[string]map[string]map[string]statement{
			"CloudFormation": templatePoliciesWith(t, map[string]string{"TrustedService": service}),
			"Terraform":      terraformPoliciesWith(t, map[string]cty.Value{"trusted_service": cty.StringVal(service)}),
		} {
			trust := policies["trust"]
			for sid, s := range trust { // a role is its own resource
				s.Resources = []string{"role"}
				trust[sid] = s
			}
			assert.True(t, allowed(t, trust, request{service, "", "sts:AssumeRole", "role", from}), "%s: %s", kind, service)
			assert.False(t, allowed(t, trust, request{"lambda.amazonaws.com", "", "sts:AssumeRole", "role", from}), "%s: %s", kind, service)
			for key, value := range from {
				foreign := maps.Clone(from)
				foreign[key] = strings.ReplaceAll(strings.ReplaceAll(value, account, "444455556666"), "otelcol-s3audit", "other")
				assert.False(t, allowed(t, trust, request{service, "", "sts:AssumeRole", "role", foreign}), "%s: %s of another %s", kind, service, key)
			}
		}
	}
}

// What the tests of the template say of versions and dead letters holds for the
// module too.
func TestModuleKeepsVersionsAndDeadLetters(t *testing.T) {
	blocks := terraform(t)
	versioning := find(t, find(t, blocks, "resource", "aws_s3_bucket_versioning", "log").Blocks, "versioning_configuration")
	assert.Equal(t, []string{"Enabled"}, texts(t, versioning.Attributes["status"], nil))
	rule := find(t, find(t, blocks, "resource", "aws_s3_bucket_lifecycle_configuration", "log").Blocks, "rule")
	days, problems := find(t, rule.Blocks, "noncurrent_version_expiration").Attributes["noncurrent_days"].Expr.Value(nil)
	require.False(t, problems.HasErrors(), problems.Error())
	assert.True(t, days.RawEquals(cty.NumberIntVal(30)), "what is deleted would stay")
	context := moduleContext(t, nil)
	redrive := find(t, blocks, "resource", "aws_sqs_queue_redrive_allow_policy", "dead_letter").Attributes["redrive_allow_policy"]
	assert.JSONEq(t, `{"redrivePermission": "byQueue", "sourceQueueArns": ["<Queue>"]}`, texts(t, redrive, context)[0])
}
