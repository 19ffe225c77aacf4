package check

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// README.md says what the receiver needs; both templates give that and no more.
func TestRolesMayDoWhatTheReadmeSays(t *testing.T) {
	_, section, found := strings.Cut(read(t, "README.md"), "\n## Permissions\n")
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
	Service    string   // the principal's, if it is one
	Conditions []string // operator and key
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
	all := templatePolicies(t, "queue", "kms")
	fromSource := []string{"ArnEquals aws:SourceArn", "StringEquals aws:SourceAccount"}
	assert.Equal(t, statement{"Allow", []string{"s3:PutObject"}, "logging.s3.amazonaws.com", []string{"ArnLike aws:SourceArn", "StringEquals aws:SourceAccount"}}, all["bucket"]["LogDelivery"])
	assert.Equal(t, statement{"Allow", []string{"sqs:SendMessage"}, "s3.amazonaws.com", fromSource}, all["queue"]["Notifications"])
	assert.Equal(t, statement{"Allow", []string{"kms:Decrypt", "kms:GenerateDataKey"}, "s3.amazonaws.com", fromSource}, all["key"]["Notifications"])
	for name, service := range map[string]string{"bucket": "s3", "queue": "sqs"} {
		assert.Equal(t, statement{"Deny", []string{service + ":*"}, "", []string{"Bool aws:SecureTransport"}}, all[name]["TLSOnly"])
	}
}

// templatePolicies are those of logs.yaml, by name and Sid.
func templatePolicies(t *testing.T, source, encryption string) map[string]map[string]statement {
	t.Helper()
	all := loadTemplate(t, "logs.yaml", choices()[fmt.Sprintf("%s %s false", source, encryption)]).render()
	out := map[string]map[string]statement{}
	for name, where := range map[string][2]string{
		"reader": {"ReaderPolicy", "Properties.PolicyDocument"},
		"bucket": {"LogBucketPolicy", "Properties.PolicyDocument"},
		"queue":  {"QueuePolicy", "Properties.PolicyDocument"},
		"key":    {"QueueKey", "Properties.KeyPolicy"},
	} {
		if all[where[0]] == nil {
			continue
		}
		out[name] = map[string]statement{}
		for _, one := range at(t, all[where[0]], where[1]+".Statement").([]any) {
			fields := one.(map[string]any)
			s := statement{Effect: fields["Effect"].(string), Actions: list(fields["Action"])}
			if principal, ok := fields["Principal"].(map[string]any); ok {
				s.Service, _ = principal["Service"].(string)
			}
			conditions, _ := fields["Condition"].(map[string]any)
			for operator, keys := range conditions {
				for key := range keys.(map[string]any) {
					s.Conditions = append(s.Conditions, operator+" "+key)
				}
			}
			slices.Sort(s.Conditions)
			out[name][fields["Sid"].(string)] = s
		}
	}
	return out
}

// list is a value, or several.
func list(value any) []string {
	var out []string
	if one, ok := value.(string); ok {
		return []string{one}
	}
	for _, one := range value.([]any) {
		out = append(out, one.(string))
	}
	slices.Sort(out)
	return out
}

// terraformPolicies are those of the module, by name and Sid.
func terraformPolicies(t *testing.T, source, encryption string) map[string]map[string]statement {
	t.Helper()
	queue := source == "queue"
	key := queue && encryption == "kms"
	context := variables(map[string]map[string]cty.Value{"local": {
		"has_queue": cty.BoolVal(queue), "has_key": cty.BoolVal(key),
		"source_arns": cty.ListVal([]cty.Value{cty.StringVal("arn:aws:s3:::shop")}),
	}})
	context.Functions = map[string]function.Function{"length": stdlib.LengthFunc}
	out := map[string]map[string]statement{}
	for name, label := range map[string]string{"reader": "reader", "bucket": "log_bucket", "queue": "queue", "key": "key"} {
		if (name == "queue" && !queue) || (name == "key" && !key) {
			continue
		}
		out[name] = map[string]statement{}
		for _, block := range find(t, terraform(t), "data", "aws_iam_policy_document", label).Blocks {
			body := block.Body
			if block.Type == "dynamic" {
				if !happens(t, body, context) {
					continue
				}
				body = find(t, body.Blocks, "content")
			}
			sid, s := terraformStatement(t, body)
			out[name][sid] = s
		}
	}
	return out
}

func terraformStatement(t *testing.T, body *hclsyntax.Body) (sid string, s statement) {
	t.Helper()
	s = statement{Effect: "Allow", Actions: texts(t, body.Attributes["actions"])}
	if effect := body.Attributes["effect"]; effect != nil {
		s.Effect = texts(t, effect)[0]
	}
	for _, block := range body.Blocks {
		switch block.Type {
		case "principals":
			if texts(t, block.Body.Attributes["type"])[0] == "Service" {
				s.Service = texts(t, block.Body.Attributes["identifiers"])[0]
			}
		case "condition":
			s.Conditions = append(s.Conditions, texts(t, block.Body.Attributes["test"])[0]+" "+texts(t, block.Body.Attributes["variable"])[0])
		}
	}
	slices.Sort(s.Conditions)
	return texts(t, body.Attributes["sid"])[0], s
}

// texts are the strings of a literal, or of a list of them, sorted.
func texts(t *testing.T, attribute *hclsyntax.Attribute) []string {
	t.Helper()
	require.NotNil(t, attribute)
	value, problems := attribute.Expr.Value(nil)
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
