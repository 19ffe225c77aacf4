package check

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// README.md says what the receiver needs; both templates give that and no more.
func TestRolesMayDoWhatTheReadmeSays(t *testing.T) {
	_, section, found := strings.Cut(read(t, "README.md"), "\n### Permissions\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	_, text, _ := strings.Cut(section, "```json\n")
	text, _, _ = strings.Cut(text, "```")
	var policy struct{ Statement []struct{ Action string } }
	require.NoError(t, json.Unmarshal([]byte(text), &policy))
	bucket := []string{}
	for _, statement := range policy.Statement {
		bucket = append(bucket, statement.Action)
	}
	require.Equal(t, []string{"s3:ListBucket", "s3:GetObject"}, bucket)
	queue := append(named(section, "sqs"), "s3:GetObject")
	key := named(section, "kms")
	require.NotEmpty(t, key)

	for _, c := range []struct {
		source, encryption string
		want               []string
	}{
		{"bucket", "sqs", bucket},
		{"bucket", "kms", bucket}, // there is no queue to encrypt
		{"queue", "sqs", queue},
		{"queue", "kms", append(slices.Clone(queue), key...)},
	} {
		name := c.source + " " + c.encryption
		assert.ElementsMatch(t, c.want, actions(templatePolicies(t, c.source, c.encryption)["reader"]), "CloudFormation: %s", name)
		assert.ElementsMatch(t, c.want, actions(terraformPolicies(t, c.source, c.encryption)["reader"]), "Terraform: %s", name)
	}
}

// named are the actions of a service that a text names.
func named(text, service string) []string {
	names := regexp.MustCompile("`"+service+`:\w+`+"`").FindAllString(text, -1)
	for i := range names {
		names[i] = strings.Trim(names[i], "`")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// statement is one of a policy, in what both kinds of template have to say alike.
type statement struct {
	Effect     string
	Actions    []string
	Resources  []string            // of identities' and resources' policies
	Service    string              // the principal's, if it is one
	AWS        []string            // other principals; "*" for any
	Conditions map[string][]string // operator and key: values
}

func actions(policy map[string]statement) []string {
	var all []string
	for _, s := range policy {
		all = append(all, s.Actions...)
	}
	return all
}

func TestTemplatesAndTerraformGrantTheSame(t *testing.T) {
	for _, source := range []string{"bucket", "queue"} {
		for _, encryption := range []string{"sqs", "kms"} {
			assert.Equal(t, templatePolicies(t, source, encryption), terraformPolicies(t, source, encryption), "%s %s", source, encryption)
		}
	}
	for layout, terraform := range map[string]string{"partitioned": "partitioned-by-event-time", "simple": "simple"} {
		for _, service := range []string{"ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com"} {
			cloudformation := map[string]string{"Layout": layout, "TrustedService": service}
			module := map[string]cty.Value{
				"source_buckets":  cty.MapVal(map[string]cty.Value{"shop": cty.StringVal(terraform)}),
				"trusted_service": cty.StringVal(service),
			}
			assert.Equal(t, templatePoliciesWith(t, cloudformation), terraformPoliciesWith(t, module), "%s %s", layout, service)
		}
	}
	all := templatePolicies(t, "queue", "kms")
	fromSource := map[string][]string{"ArnEquals aws:SourceArn": {logBucket}, "StringEquals aws:SourceAccount": {account}}
	assert.Equal(t, statement{"Allow", []string{"sqs:SendMessage"}, []string{"<Queue>"}, "s3.amazonaws.com", nil, fromSource}, all["queue"]["Notifications"])
	assert.Equal(t, statement{"Allow", []string{"kms:Decrypt", "kms:GenerateDataKey"}, []string{"*"}, "s3.amazonaws.com", nil, fromSource}, all["key"]["Notifications"])
	for name, of := range map[string][]string{"bucket": {"s3", logBucket, logBucket + "/*"}, "queue": {"sqs", "<Queue>"}, "dead letters": {"sqs", "<DeadLetterQueue>"}} {
		plain := map[string][]string{"Bool aws:SecureTransport": {"false"}}
		assert.Equal(t, statement{"Deny", []string{of[0] + ":*"}, of[1:], "", []string{"*"}, plain}, all[name]["TLSOnly"])
	}
}

// What the placeholders of both kinds of template stand for.
const (
	account   = "111122223333"
	region    = "us-east-1"
	logBucket = "arn:aws:s3:::logs"
)

// CloudFormation's joins take no partition, so that a template has the pattern of all.
var placeholders = strings.NewReplacer("<AWS::AccountId>", account, "<AWS::Partition>", "aws", "<AWS::Region>", region, "<LogBucket>", logBucket, "arn:*:", "arn:aws:")

// templatePolicies are those of logs.yaml, by name and Sid.
func templatePolicies(t *testing.T, source, encryption string) map[string]map[string]statement {
	t.Helper()
	return templatePoliciesWith(t, map[string]string{"Source": source, "QueueEncryption": encryption})
}

func templatePoliciesWith(t *testing.T, parameters map[string]string) map[string]map[string]statement {
	t.Helper()
	with := map[string]string{"LogBucketName": "logs", "SourceBuckets": "shop"}
	maps.Copy(with, parameters)
	all := loadTemplate(t, "logs.yaml", with).render()
	out := map[string]map[string]statement{}
	for name, where := range map[string][2]string{
		"reader":       {"ReaderPolicy", "Properties.PolicyDocument"},
		"bucket":       {"LogBucketPolicy", "Properties.PolicyDocument"},
		"queue":        {"QueuePolicy", "Properties.PolicyDocument"},
		"dead letters": {"DeadLetterQueuePolicy", "Properties.PolicyDocument"},
		"key":          {"QueueKey", "Properties.KeyPolicy"},
		"trust":        {"ReaderRole", "Properties.AssumeRolePolicyDocument"},
	} {
		if all[where[0]] == nil {
			continue
		}
		out[name] = statements(t, at(t, all[where[0]], where[1]+".Statement"), placeholders)
	}
	return out
}

// statements are those of a policy, or a single one, by Sid.
func statements(t *testing.T, policy any, names *strings.Replacer) map[string]statement {
	t.Helper()
	if one, ok := policy.(map[string]any); ok {
		policy = []any{one}
	}
	out := map[string]statement{}
	for _, one := range policy.([]any) {
		fields := one.(map[string]any)
		s := statement{Effect: fields["Effect"].(string), Actions: list(fields["Action"], names), Conditions: map[string][]string{}}
		if fields["Resource"] != nil {
			s.Resources = list(fields["Resource"], names)
		}
		switch principal := fields["Principal"].(type) {
		case string:
			s.AWS = []string{principal}
		case map[string]any:
			s.Service, _ = principal["Service"].(string)
			if principal["AWS"] != nil {
				s.AWS = list(principal["AWS"], names)
			}
		}
		conditions, _ := fields["Condition"].(map[string]any)
		for operator, keys := range conditions {
			for key, values := range keys.(map[string]any) {
				s.Conditions[operator+" "+key] = list(values, names)
			}
		}
		sid := fields["Sid"].(string)
		require.NotContains(t, out, sid)
		out[sid] = s
	}
	return out
}

// list is a value, or several, sorted.
func list(value any, names *strings.Replacer) []string {
	var out []string
	if one, ok := value.(string); ok {
		return []string{names.Replace(one)}
	}
	for _, one := range value.([]any) {
		out = append(out, names.Replace(one.(string)))
	}
	slices.Sort(out)
	return out
}

// terraformPolicies are those of the module, by name and Sid.
func terraformPolicies(t *testing.T, source, encryption string) map[string]map[string]statement {
	t.Helper()
	return terraformPoliciesWith(t, map[string]cty.Value{"source_type": cty.StringVal(source), "queue_encryption": cty.StringVal(encryption)})
}

func terraformPoliciesWith(t *testing.T, variables map[string]cty.Value) map[string]map[string]statement {
	t.Helper()
	context := moduleContext(t, variables)
	local := context.Variables["local"]
	out := map[string]map[string]statement{}
	for name, label := range map[string]string{
		"reader": "reader", "bucket": "log_bucket", "queue": "queue", "dead letters": "dead_letter", "key": "key", "trust": "trust",
	} {
		if ((name == "queue" || name == "dead letters") && !local.GetAttr("has_queue").True()) || (name == "key" && !local.GetAttr("has_key").True()) {
			continue
		}
		out[name] = moduleStatements(t, terraform(t), label, context)
	}
	return out
}

// moduleStatements are those of a policy document, by Sid.
func moduleStatements(t *testing.T, module hclsyntax.Blocks, label string, context *hcl.EvalContext) map[string]statement {
	t.Helper()
	out := map[string]statement{}
	eachBlock(t, find(t, module, "data", "aws_iam_policy_document", label).Blocks, context, func(_ string, body *hclsyntax.Body, context *hcl.EvalContext) {
		sid, s := terraformStatement(t, body, context)
		require.NotContains(t, out, sid)
		out[sid] = s
	})
	return out
}

// text is an object with one attribute.
func text(key, value string) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{key: cty.StringVal(value)})
}

// counted is a resource that has a count.
func counted(resource cty.Value) cty.Value {
	return cty.TupleVal([]cty.Value{resource})
}

// moduleContext is what the module's expressions refer to. Variables that are not
// given have their defaults.
func moduleContext(t *testing.T, given map[string]cty.Value) *hcl.EvalContext {
	t.Helper()
	set := map[string]cty.Value{
		"log_bucket":     cty.StringVal("logs"),
		"source_buckets": cty.MapVal(map[string]cty.Value{"shop": cty.StringVal("partitioned-by-delivery-time")}),
	}
	maps.Copy(set, given)
	return contextOf(t, terraform(t), set, map[string]map[string]cty.Value{
		"aws_sqs_queue": {"log": counted(text("arn", "<Queue>")), "dead_letter": counted(text("arn", "<DeadLetterQueue>"))},
		"aws_kms_key":   {"queue": counted(text("arn", "<QueueKey>"))},
	})
}

func contextOf(t *testing.T, module hclsyntax.Blocks, given map[string]cty.Value, resources map[string]map[string]cty.Value) *hcl.EvalContext {
	t.Helper()
	set, locals := map[string]cty.Value{}, map[string]*hclsyntax.Attribute{}
	for _, block := range module {
		switch block.Type {
		case "variable":
			name, preset := block.Labels[0], block.Body.Attributes["default"]
			if value, is := given[name]; is {
				set[name] = value
				continue
			}
			require.NotNil(t, preset, "variable %s has no value", name)
			value, problems := preset.Expr.Value(nil)
			require.False(t, problems.HasErrors(), problems.Error())
			set[name] = value
		case "locals":
			maps.Copy(locals, block.Body.Attributes)
		}
	}
	for name := range given {
		require.Contains(t, set, name, "there is no such variable")
	}
	current := func(key, value string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"current": text(key, value)})
	}
	all := map[string]map[string]cty.Value{
		"var": set,
		"data": {
			"aws_caller_identity": current("account_id", account),
			"aws_partition":       current("partition", "aws"),
			"aws_region":          current("id", region),
		},
	}
	maps.Copy(all, resources)
	context := variables(all)
	context.Functions = map[string]function.Function{
		"length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "split": stdlib.SplitFunc,
		"join": stdlib.JoinFunc, "jsonencode": stdlib.JSONEncodeFunc,
	}
	known := map[string]cty.Value{}
	for range locals { // they refer to each other
		context.Variables["local"] = cty.ObjectVal(known)
		for name, attribute := range locals {
			if value, problems := attribute.Expr.Value(context); !problems.HasErrors() {
				known[name] = value
			}
		}
	}
	require.Len(t, known, len(locals), "a local value cannot be computed")
	context.Variables["local"] = cty.ObjectVal(known)
	return context
}

// eachBlock calls do for every block, of a dynamic one for each that it makes.
func eachBlock(t *testing.T, blocks hclsyntax.Blocks, context *hcl.EvalContext, do func(kind string, body *hclsyntax.Body, context *hcl.EvalContext)) {
	t.Helper()
	for _, block := range blocks {
		if block.Type != "dynamic" {
			do(block.Type, block.Body, context)
			continue
		}
		each, problems := block.Body.Attributes["for_each"].Expr.Value(context)
		require.False(t, problems.HasErrors(), problems.Error())
		for key, value := range each.Elements() {
			child := context.NewChild()
			child.Variables = map[string]cty.Value{block.Labels[0]: cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
			do(block.Labels[0], find(t, block.Body.Blocks, "content"), child)
		}
	}
}

func terraformStatement(t *testing.T, body *hclsyntax.Body, context *hcl.EvalContext) (sid string, s statement) {
	t.Helper()
	s = statement{Effect: "Allow", Actions: texts(t, body.Attributes["actions"], context), Conditions: map[string][]string{}}
	if effect := body.Attributes["effect"]; effect != nil {
		s.Effect = texts(t, effect, context)[0]
	}
	if resources := body.Attributes["resources"]; resources != nil {
		s.Resources = texts(t, resources, context)
	}
	eachBlock(t, body.Blocks, context, func(kind string, body *hclsyntax.Body, context *hcl.EvalContext) {
		switch kind {
		case "principals":
			if texts(t, body.Attributes["type"], context)[0] == "Service" {
				s.Service = texts(t, body.Attributes["identifiers"], context)[0]
			} else {
				s.AWS = texts(t, body.Attributes["identifiers"], context)
			}
		case "condition":
			name := texts(t, body.Attributes["test"], context)[0] + " " + texts(t, body.Attributes["variable"], context)[0]
			require.NotContains(t, s.Conditions, name)
			s.Conditions[name] = texts(t, body.Attributes["values"], context)
		}
	})
	return texts(t, body.Attributes["sid"], context)[0], s
}

// texts are the strings of a value, or of a list of them, sorted.
func texts(t *testing.T, attribute *hclsyntax.Attribute, context *hcl.EvalContext) []string {
	t.Helper()
	require.NotNil(t, attribute)
	value, problems := attribute.Expr.Value(context)
	require.False(t, problems.HasErrors(), problems.Error())
	if value.Type() == cty.String {
		return []string{value.AsString()}
	}
	var out []string
	for _, one := range value.AsValueSlice() {
		out = append(out, one.AsString())
	}
	slices.Sort(out)
	return out
}
