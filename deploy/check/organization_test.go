package check

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// What the collector of an organization is set up with. Its account is another one than
// that of the log buckets.
const (
	organizationID = "o-exampleorgid"
	hub            = "444455556666"
	collectorRole  = "arn:aws:iam::" + hub + ":role/s3-audit-collector"
	externalID     = "an-external-id"
	eventBus       = "arn:aws:events:eu-west-1:" + hub + ":event-bus/s3-access-logs"
	logKey         = "arn:aws:kms:us-east-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// setup is what an operator chooses for an organization. Its zero value is not one.
type setup struct {
	source, encryption string
	buckets            []string
	keys               []string
	topic              bool
}

var usual = setup{source: "queue", encryption: "sqs", buckets: []string{"acme-*-access-logs"}}

// part is a template for an organization, which has a module of the same name.
type part struct {
	policies   map[string][2]string // by name: a resource and where in it, and the module's document
	documents  map[string]string
	parameters func(setup) map[string]string
	variables  func(setup) map[string]cty.Value
	names      *strings.Replacer // of what the template's resources become
	resources  map[string]map[string]cty.Value
}

// replacer returns one for the account of the log buckets, with further names.
func replacer(names ...string) *strings.Replacer {
	return strings.NewReplacer(append(names, "<AWS::AccountId>", account, "<AWS::Partition>", "aws", "<AWS::Region>", region)...)
}

const (
	hubRule    = "arn:aws:events:" + region + ":" + account + ":rule/s3-access-logs/s3-access-logs"
	regionRule = "arn:aws:events:" + region + ":" + account + ":rule/s3-access-logs"
)

var organization = map[string]part{
	"organization": {
		policies: map[string][2]string{
			"bus":          {"EventBusPolicy", "Properties.Statement"},
			"queue":        {"QueuePolicy", "Properties.PolicyDocument.Statement"},
			"dead letters": {"DeadLetterQueuePolicy", "Properties.PolicyDocument.Statement"},
			"key":          {"QueueKey", "Properties.KeyPolicy.Statement"},
			"collector":    {"CollectorPolicy", "Properties.PolicyDocument.Statement"},
			"trust":        {"CollectorRole", "Properties.AssumeRolePolicyDocument.Statement"},
		},
		documents: map[string]string{"bus": "event_bus", "queue": "queue", "dead letters": "dead_letter", "key": "key", "collector": "collector", "trust": "trust"},
		parameters: func(s setup) map[string]string {
			out := map[string]string{"OrganizationId": organizationID, "Source": s.source, "QueueEncryption": s.encryption}
			if s.topic {
				out["AlarmTopicArn"] = "arn:aws:sns:us-east-1:111122223333:alarms"
			}
			return out
		},
		variables: func(s setup) map[string]cty.Value {
			return map[string]cty.Value{
				"organization_id": cty.StringVal(organizationID), "source_type": cty.StringVal(s.source), "queue_encryption": cty.StringVal(s.encryption),
			}
		},
		names: replacer("<LogObjects>", hubRule),
		resources: map[string]map[string]cty.Value{
			"aws_cloudwatch_event_bus":  {"log": counted(text("arn", "<EventBus>"))},
			"aws_cloudwatch_event_rule": {"log": counted(text("arn", hubRule))},
			"aws_sqs_queue":             {"log": counted(text("arn", "<Queue>")), "dead_letter": counted(text("arn", "<DeadLetterQueue>"))},
			"aws_kms_key":               {"queue": counted(text("arn", "<QueueKey>"))},
		},
	},
	"organization-reader": {
		policies: map[string][2]string{
			"reader": {"ReaderRole", "Properties.Policies.0.PolicyDocument.Statement"},
			"trust":  {"ReaderRole", "Properties.AssumeRolePolicyDocument.Statement"},
		},
		documents: map[string]string{"reader": "reader", "trust": "trust"},
		parameters: func(s setup) map[string]string {
			return map[string]string{
				"OrganizationId": organizationID, "CollectorRoleArn": collectorRole, "ExternalId": externalID, "Source": s.source, "KeyArns": strings.Join(s.keys, ","),
			}
		},
		variables: func(s setup) map[string]cty.Value {
			return map[string]cty.Value{
				"organization_id": cty.StringVal(organizationID), "collector_role_arn": cty.StringVal(collectorRole),
				"external_id": cty.StringVal(externalID), "source_type": cty.StringVal(s.source), "key_arns": strs(s.keys),
			}
		},
		names: replacer(),
	},
	"organization-region": {
		policies: map[string][2]string{
			"forwarder":   {"ForwarderRole", "Properties.Policies.0.PolicyDocument.Statement"},
			"trust":       {"ForwarderRole", "Properties.AssumeRolePolicyDocument.Statement"},
			"undelivered": {"UndeliveredPolicy", "Properties.PolicyDocument.Statement"},
		},
		documents: map[string]string{"forwarder": "forwarder", "trust": "trust", "undelivered": "undelivered"},
		parameters: func(s setup) map[string]string {
			out := map[string]string{"EventBusArn": eventBus}
			if s.topic {
				out["AlarmTopic"] = "111122223333:alarms"
			}
			return out
		},
		variables: func(setup) map[string]cty.Value {
			return map[string]cty.Value{"event_bus_arn": cty.StringVal(eventBus)}
		},
		names: replacer("<LogObjects>", regionRule),
		resources: map[string]map[string]cty.Value{
			"aws_cloudwatch_event_rule": {"log": text("arn", regionRule)},
			"aws_sqs_queue":             {"undelivered": text("arn", "<Undelivered>")},
		},
	},
}

// strs is a list of strings, which may be empty.
func strs(of []string) cty.Value {
	if len(of) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	var out []cty.Value
	for _, one := range of {
		out = append(out, cty.StringVal(one))
	}
	return cty.ListVal(out)
}

// load returns the template of a part with the parameters of a setup.
func load(t *testing.T, name string, s setup) *template {
	t.Helper()
	parameters := organization[name].parameters(s)
	for i, bucket := range s.buckets {
		parameters["LogBuckets"+[]string{"", "2", "3"}[i]] = bucket
	}
	return loadTemplate(t, name+".yaml", parameters)
}

// moduleOf returns the context of a part's module.
func moduleOf(t *testing.T, name string, s setup) *hcl.EvalContext {
	t.Helper()
	given := organization[name].variables(s)
	given["log_buckets"] = strs(s.buckets)
	if s.topic && name != "organization-reader" {
		given["alarm_topics"] = strs([]string{"arn:aws:sns:us-east-1:111122223333:alarms"})
	}
	return contextOf(t, module(t, "deploy/aws/terraform/"+name), given, organization[name].resources)
}

// policiesOf are the policies of a part by kind of template, name and Sid. Both kinds
// have the same.
func policiesOf(t *testing.T, name string, s setup) map[string]map[string]statement {
	t.Helper()
	p, rendered := organization[name], load(t, name, s).render()
	context, blocks := moduleOf(t, name, s), module(t, "deploy/aws/terraform/"+name)
	out, other := map[string]map[string]statement{}, map[string]map[string]statement{}
	for policy, where := range p.policies {
		document := find(t, blocks, "data", "aws_iam_policy_document", p.documents[policy])
		if count := document.Attributes["count"]; count != nil {
			value, problems := count.Expr.Value(context)
			require.False(t, problems.HasErrors(), problems.Error())
			require.Equal(t, rendered[where[0]] != nil, value.RawEquals(cty.NumberIntVal(1)), "%s: %s", name, policy)
		}
		if rendered[where[0]] == nil {
			continue
		}
		out[policy] = statements(t, at(t, rendered[where[0]], where[1]), p.names)
		other[policy] = moduleStatements(t, blocks, p.documents[policy], context)
	}
	require.Equal(t, out, other, "template and module %s differ", name)
	return out
}

// setups are the choices that change what a part has.
func setups() []setup {
	var all []setup
	for _, source := range []string{"queue", "bucket"} {
		for _, encryption := range []string{"sqs", "kms"} {
			for _, buckets := range [][]string{{"acme-*-access-logs"}, {"logs"}, {"logs", "*-access-logs", "acme-*"}} {
				for _, keys := range [][]string{nil, {logKey}} {
					all = append(all, setup{source, encryption, buckets, keys, len(keys) > 0})
				}
			}
		}
	}
	return all
}

func TestOrganizationRefersToWhatIsThere(t *testing.T) {
	for name := range organization {
		used := map[string]bool{}
		for _, s := range setups() {
			c := load(t, name, s)
			c.render()
			assert.Empty(t, c.refused())
			maps.Copy(used, c.used)
			policiesOf(t, name, s)
		}
		if name == "organization" {
			c := loadTemplate(t, name+".yaml", map[string]string{"OrganizationId": organizationID, "LogBuckets": "logs", "OidcProvider": "oidc.example.com/id/X"})
			c.render()
			maps.Copy(used, c.used)
		}
		c := load(t, name, usual)
		for _, section := range []string{"Parameters", "Conditions"} {
			for key := range c.entries(section) {
				assert.True(t, used[key], "%s: %s is used nowhere", name, key)
			}
		}
	}
}

// A service-managed StackSet takes no transform and no nested stack, and its stacks in
// the Regions of one account share the names of roles.
func TestStackSetsCanHaveTheTemplates(t *testing.T) {
	for _, name := range []string{"organization-reader", "organization-region"} {
		c := load(t, name, usual)
		for section := range pairs(c.root) {
			assert.NotEqual(t, "Transform", section, name)
		}
		assert.NotContains(t, read(t, "deploy/aws/cloudformation/"+name+".yaml"), "Fn::")
		for resource, fields := range c.render() {
			kind := fields["Type"].(string)
			assert.False(t, strings.HasPrefix(kind, "AWS::CloudFormation::") || strings.HasPrefix(kind, "Custom::"), resource)
			if name == "organization-reader" {
				assert.Equal(t, "AWS::IAM::Role", kind, "a stack in one Region makes nothing that belongs to it")
			} else if kind == "AWS::IAM::Role" {
				assert.Contains(t, at(t, fields, "Properties.RoleName"), "<AWS::Region>", resource)
			}
		}
	}
	role := find(t, module(t, "deploy/aws/terraform/organization-region"), "resource", "aws_iam_role", "forwarder")
	assert.Contains(t, texts(t, role.Attributes["name"], moduleOf(t, "organization-region", usual))[0], region)
}

// A reader may do what its source takes and no more.
func TestReaderOfAnAccountMayOnlyRead(t *testing.T) {
	own := map[string][]string{"StringEquals aws:ResourceAccount": {account}}
	for _, s := range setups() {
		pattern := strings.Contains(strings.Join(s.buckets, ""), "*")
		var buckets, objects []string
		for _, bucket := range s.buckets {
			buckets, objects = append(buckets, "arn:aws:s3:::"+bucket), append(objects, "arn:aws:s3:::"+bucket+"/access/*")
		}
		slices.Sort(buckets)
		slices.Sort(objects)
		want := map[string]statement{"Read": {"Allow", []string{"s3:GetObject"}, objects, "", nil, own}}
		if s.source == "bucket" {
			want["List"] = statement{"Allow", []string{"s3:ListBucket"}, buckets, "", nil, own}
		}
		if s.source == "bucket" && pattern {
			want["Find"] = statement{"Allow", []string{"s3:ListAllMyBuckets"}, []string{"*"}, "", nil, map[string][]string{}}
		}
		if len(s.keys) > 0 {
			want["Key"] = statement{"Allow", []string{"kms:Decrypt"}, s.keys, "", nil, map[string][]string{"StringLike kms:ViaService": {"s3.*"}}}
		}
		assert.Equal(t, want, policiesOf(t, "organization-reader", s)["reader"], "%v", s)
	}
}

// A stranger's bucket with a name that matches is none of the account's.
func TestReaderOfAnAccountReadsItsBucketsOnly(t *testing.T) {
	s := usual
	s.source, s.keys = "bucket", []string{logKey}
	policy := policiesOf(t, "organization-reader", s)["reader"]
	const bucket = "arn:aws:s3:::acme-" + account + "-access-logs"
	own, foreign := map[string]string{"aws:ResourceAccount": account}, map[string]string{"aws:ResourceAccount": hub}
	for _, c := range []struct {
		action, resource string
		context          map[string]string
		want             bool
	}{
		{"s3:GetObject", bucket + "/access/x", own, true},
		{"s3:GetObject", bucket + "/access/x", foreign, false},
		{"s3:GetObject", bucket + "/other/x", own, false},
		{"s3:GetObject", "arn:aws:s3:::data/access/x", own, false},
		{"s3:ListBucket", bucket, own, true},
		{"s3:ListBucket", bucket, foreign, false},
		{"s3:ListBucket", "arn:aws:s3:::data", own, false},
		{"s3:PutObject", bucket + "/access/x", own, false},
		{"s3:DeleteObject", bucket + "/access/x", own, false},
		{"kms:Decrypt", logKey, map[string]string{"kms:ViaService": "s3.us-east-1.amazonaws.com"}, true},
		{"kms:Decrypt", logKey, map[string]string{"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}, true},
		{"kms:Decrypt", logKey, map[string]string{"kms:ViaService": "ec2.us-east-1.amazonaws.com"}, false},
		{"kms:Decrypt", logKey, nil, false},
		{"kms:Decrypt", "arn:aws:kms:us-east-1:" + account + ":key/other", map[string]string{"kms:ViaService": "s3.us-east-1.amazonaws.com"}, false},
	} {
		r := request{principal: account, action: c.action, resource: c.resource, context: c.context}
		assert.Equal(t, c.want, allowed(t, policy, r), "%v", c)
	}
}

// Only the collector's role, of the organization and with the external id, becomes a
// reader.
func TestReaderTrustsTheCollectorOnly(t *testing.T) {
	trust := policiesOf(t, "organization-reader", usual)["trust"]
	for sid, s := range trust { // a role is its own resource
		s.Resources = []string{"role"}
		trust[sid] = s
	}
	right := map[string]string{"aws:PrincipalOrgID": organizationID, "aws:PrincipalArn": collectorRole, "sts:ExternalId": externalID}
	try := func(principal, key, value string) bool {
		context := maps.Clone(right)
		if value == "" {
			delete(context, key)
		} else {
			context[key] = value
		}
		return allowed(t, trust, request{principal: principal, action: "sts:AssumeRole", resource: "role", context: context})
	}
	assert.True(t, try(hub, "aws:PrincipalOrgID", organizationID))
	assert.False(t, try(account, "aws:PrincipalOrgID", organizationID), "another account")
	for key := range right {
		assert.False(t, try(hub, key, "another"), key)
		assert.False(t, try(hub, key, ""), "without %s", key)
	}
	assert.False(t, try(hub, "aws:PrincipalArn", collectorRole+"-2"))
}

// The collector becomes the reader of any account of its organization, and nothing else.
func TestCollectorOfAnOrganizationMayOnlyAssumeReaders(t *testing.T) {
	queue := []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
	for _, s := range setups() {
		want := map[string]statement{"Assume": {
			"Allow",
			[]string{"sts:AssumeRole"},
			[]string{"arn:aws:iam::*:role/s3-audit-reader"},
			"", nil,
			map[string][]string{"StringEquals aws:ResourceOrgID": {organizationID}},
		}}
		if s.source == "queue" {
			want["Queue"] = statement{"Allow", queue, []string{"<Queue>"}, "", nil, map[string][]string{}}
			if s.encryption == "kms" {
				want["Key"] = statement{"Allow", []string{"kms:Decrypt"}, []string{"<QueueKey>"}, "", nil, map[string][]string{}}
			}
		}
		assert.Equal(t, want, policiesOf(t, "organization", s)["collector"], "%v", s)
	}
	reader := load(t, "organization-reader", usual).render()["ReaderRole"]
	assert.Equal(t, "s3-audit-reader", at(t, reader, "Properties.RoleName"))
	collector := load(t, "organization", usual).render()["CollectorRole"]
	assert.True(t, strings.HasSuffix(collectorRole, "/"+at(t, collector, "Properties.RoleName").(string)))
}

// On each platform, the collector's role is trusted as the reader of a single account is.
func TestCollectorOfAnOrganizationIsTrustedAsAnyReader(t *testing.T) {
	for _, service := range []string{"ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com"} {
		want := templatePoliciesWith(t, map[string]string{"TrustedService": service})["trust"]
		c := loadTemplate(t, "organization.yaml", map[string]string{"OrganizationId": organizationID, "LogBuckets": "logs", "TrustedService": service})
		assert.Equal(t, want, statements(t, at(t, c.render()["CollectorRole"], "Properties.AssumeRolePolicyDocument.Statement"), placeholders), service)
		blocks := module(t, "deploy/aws/terraform/organization")
		context := contextOf(t, blocks, map[string]cty.Value{
			"organization_id": cty.StringVal(organizationID), "log_buckets": strs([]string{"logs"}), "trusted_service": cty.StringVal(service),
		}, organization["organization"].resources)
		assert.Equal(t, want, moduleStatements(t, blocks, "trust", context), service)
	}
}
