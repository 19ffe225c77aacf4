package check

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rule is one of EventBridge, as both kinds of template have it.
type rule struct {
	Name, Bus   string
	Pattern     any
	Target      string
	Role        string // which EventBridge assumes for the target; "" for a queue
	DeadLetters string
}

// rules returns that of a part, which both kinds of template have alike.
func rules(t *testing.T, name string, s setup) rule {
	t.Helper()
	properties := at(t, load(t, name, s).render()["LogObjects"], "Properties").(map[string]any)
	target := at(t, properties, "Targets.0").(map[string]any)
	out := rule{
		Name: properties["Name"].(string), Pattern: properties["EventPattern"],
		Target: target["Arn"].(string), DeadLetters: at(t, target, "DeadLetterConfig.Arn").(string),
	}
	out.Bus, _ = properties["EventBusName"].(string)
	out.Role, _ = target["RoleArn"].(string)
	require.Len(t, properties["Targets"], 1, name)

	blocks, context := module(t, "deploy/aws/terraform/"+name), moduleOf(t, name, s)
	declared := find(t, blocks, "resource", "aws_cloudwatch_event_rule", "log")
	sent := find(t, blocks, "resource", "aws_cloudwatch_event_target", "log")
	var pattern any
	require.NoError(t, json.Unmarshal([]byte(texts(t, declared.Attributes["event_pattern"], context)[0]), &pattern))
	assert.Equal(t, out.Pattern, pattern, name)
	assert.Equal(t, out.Name, texts(t, declared.Attributes["name"], context)[0], name)
	for _, body := range []*hclsyntax.Body{declared, sent} {
		assert.Equal(t, out.Bus != "", body.Attributes["event_bus_name"] != nil, "%s: the bus of rule and target", name)
	}
	assert.Equal(t, out.Role != "", sent.Attributes["role_arn"] != nil, name)
	assert.Equal(t, out.Target, texts(t, sent.Attributes["arn"], context)[0], name)
	assert.Equal(t, out.DeadLetters, texts(t, find(t, sent.Blocks, "dead_letter_config").Attributes["arn"], context)[0], name)
	return out
}

// matchesEvent reports whether EventBridge's pattern matches an event:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
func matchesEvent(t *testing.T, pattern, event any) bool {
	t.Helper()
	switch p := pattern.(type) {
	case map[string]any:
		fields, is := event.(map[string]any)
		for key, one := range p {
			if !is || !matchesEvent(t, one, fields[key]) {
				return false
			}
		}
		return true
	case []any:
		value, is := event.(string)
		for _, one := range p {
			operator, _ := one.(map[string]any)
			switch {
			case !is:
			case operator == nil && one == value:
				return true
			case operator["prefix"] != nil && strings.HasPrefix(value, operator["prefix"].(string)):
				return true
			case operator["wildcard"] != nil && matches([]string{operator["wildcard"].(string)}, value):
				return true
			}
		}
		return false
	}
	require.Fail(t, "no part of a pattern", "%v", pattern)
	return false
}

// An event of a new log object gets from the account and Region of its bucket to the
// queue; no other does.
func TestEventsOfLogObjectsReachTheQueue(t *testing.T) {
	s := usual
	s.buckets = []string{"acme-*-access-logs", "old-logs"}
	const object = "access/111122223333/us-east-1/shop/2026/11/09/2026-11-09-10-00-00-0123456789ABCDEF"
	first, second := rules(t, "organization-region", s), rules(t, "organization", s)
	for name, c := range map[string]struct {
		bucket, key, source, kind string
		want                      bool
	}{
		"a log object":              {"acme-111122223333-access-logs", object, "aws.s3", "Object Created", true},
		"one of the second pattern": {"old-logs", object, "aws.s3", "Object Created", true},
		"another bucket's object":   {"shop", object, "aws.s3", "Object Created", false},
		"an object beside the logs": {"old-logs", "data/x", "aws.s3", "Object Created", false},
		"a deletion":                {"old-logs", object, "aws.s3", "Object Deleted", false},
		"one that S3 did not send":  {"old-logs", object, "example.shop", "Object Created", false},
	} {
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(read(t, "testdata/notifications/eventbridge.json")), &event))
		event["source"], event["detail-type"] = c.source, c.kind
		detail := event["detail"].(map[string]any)
		detail["bucket"].(map[string]any)["name"], detail["object"].(map[string]any)["key"] = c.bucket, c.key
		assert.Equal(t, c.want, matchesEvent(t, first.Pattern, event), name)
		assert.Equal(t, c.want, matchesEvent(t, second.Pattern, event), "%s on the organization's bus", name)
	}

	// The default bus, where S3's events are, to the organization's, and from there to the queue.
	assert.Empty(t, first.Bus)
	assert.Equal(t, eventBus, first.Target)
	assert.Equal(t, "<EventBus>", second.Bus)
	assert.Equal(t, "<Queue>", second.Target)
	assert.Equal(t, "<ForwarderRole>", first.Role)
	assert.Equal(t, "<Undelivered>", first.DeadLetters)
	assert.Equal(t, "<DeadLetterQueue>", second.DeadLetters)
	// The ARNs of these names are in policies.
	assert.True(t, strings.HasSuffix(regionRule, ":rule/"+first.Name))
	bus := at(t, load(t, "organization", s).render()["EventBus"], "Properties.Name").(string)
	assert.True(t, strings.HasSuffix(hubRule, ":rule/"+bus+"/"+second.Name))
}

// The role of a rule may put events on the organization's bus, for this rule only.
func TestForwarderMayOnlyForward(t *testing.T) {
	policies := policiesOf(t, "organization-region", usual)
	assert.Equal(t, map[string]statement{
		"Forward": {"Allow", []string{"events:PutEvents"}, []string{eventBus}, "", nil, map[string][]string{}},
	}, policies["forwarder"])
	trust := policies["trust"]
	for sid, s := range trust { // a role is its own resource
		s.Resources = []string{"role"}
		trust[sid] = s
	}
	right := map[string]string{"aws:SourceAccount": account, "aws:SourceArn": regionRule}
	assert.True(t, allowed(t, trust, request{"events.amazonaws.com", "", "sts:AssumeRole", "role", right}))
	assert.False(t, allowed(t, trust, request{"lambda.amazonaws.com", "", "sts:AssumeRole", "role", right}))
	for key, value := range map[string]string{"aws:SourceAccount": hub, "aws:SourceArn": regionRule + "-2"} {
		wrong := maps.Clone(right)
		wrong[key] = value
		assert.False(t, allowed(t, trust, request{"events.amazonaws.com", "", "sts:AssumeRole", "role", wrong}), key)
	}
}

// The bus takes events of the rules' roles of the organization's accounts only.
func TestEventBusIsTheOrganizations(t *testing.T) {
	policy := policiesOf(t, "organization", usual)["bus"]
	forwarder := load(t, "organization-region", usual).render()["ForwarderRole"]
	role := "arn:aws:iam::" + account + ":role/" + replacer().Replace(at(t, forwarder, "Properties.RoleName").(string))
	for name, c := range map[string]struct {
		action, organization, role string
		want                       bool
	}{
		"a rule of the organization":  {"events:PutEvents", organizationID, role, true},
		"one of another organization": {"events:PutEvents", "o-another", role, false},
		"one of no organization":      {"events:PutEvents", "", role, false},
		"another role":                {"events:PutEvents", organizationID, "arn:aws:iam::" + account + ":role/shop", false},
		"a rule that would be put":    {"events:PutRule", organizationID, role, false},
	} {
		context := map[string]string{"aws:PrincipalArn": c.role}
		if c.organization != "" {
			context["aws:PrincipalOrgID"] = c.organization
		}
		r := request{principal: account, action: c.action, resource: "<EventBus>", context: context}
		assert.Equal(t, c.want, allowed(t, policy, r), name)
	}
}

// Queues and key serve the one rule.
func TestQueuesTakeEventsOfTheirRuleOnly(t *testing.T) {
	s := usual
	s.encryption = "kms"
	all, undelivered := policiesOf(t, "organization", s), policiesOf(t, "organization-region", s)["undelivered"]
	for name, c := range map[string]struct {
		policy                 map[string]statement
		action, resource, rule string
	}{
		"queue":        {all["queue"], "sqs:SendMessage", "<Queue>", hubRule},
		"dead letters": {all["dead letters"], "sqs:SendMessage", "<DeadLetterQueue>", hubRule},
		"key":          {all["key"], "kms:GenerateDataKey", "*", hubRule},
		"undelivered":  {undelivered, "sqs:SendMessage", "<Undelivered>", regionRule},
	} {
		try := func(service, rule, secure string) bool {
			context := map[string]string{"aws:SourceArn": rule, "aws:SecureTransport": secure}
			return allowed(t, c.policy, request{service, "", c.action, c.resource, context})
		}
		assert.True(t, try("events.amazonaws.com", c.rule, "true"), name)
		assert.False(t, try("events.amazonaws.com", c.rule+"-2", "true"), "%s: another rule", name)
		assert.False(t, try("s3.amazonaws.com", c.rule, "true"), "%s: another service", name)
		if name != "key" { // KMS has no other transport
			assert.False(t, try("events.amazonaws.com", c.rule, "false"), "%s without TLS", name)
		}
	}
}

// The queues of an organization are those of a single account, by another name.
func TestQueuesOfAnOrganizationAreAsAnyOther(t *testing.T) {
	for _, encryption := range []string{"sqs", "kms"} {
		s := usual
		s.encryption = encryption
		one := loadTemplate(t, "logs.yaml", map[string]string{
			"LogBucketName": "logs", "SourceBuckets": "shop", "QueueEncryption": encryption, "QueueName": "s3-access-logs",
		}).render()
		many := load(t, "organization", s).render()
		for _, name := range []string{"Queue", "DeadLetterQueue"} {
			assert.Equal(t, one[name], many[name], "%s with %s", name, encryption)
		}
	}
	for _, labels := range [][]string{
		{"aws_sqs_queue", "log"},
		{"aws_sqs_queue", "dead_letter"},
		{"aws_sqs_queue_redrive_allow_policy", "dead_letter"},
		{"aws_cloudwatch_metric_alarm", "dead_letter"},
		{"aws_cloudwatch_metric_alarm", "oldest_message"},
	} {
		assert.Equal(t, source(t, "deploy/aws/terraform", labels...), source(t, "deploy/aws/terraform/organization", labels...), "%v", labels)
	}
}

// source returns the text of a resource.
func source(t *testing.T, folder string, labels ...string) string {
	t.Helper()
	at := find(t, module(t, folder), "resource", labels...).SrcRange
	return read(t, folder+"/"+at.Filename)[at.Start.Byte:at.End.Byte]
}
