package check

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

// template is a CloudFormation template with values for its parameters. It is
// worked out as CloudFormation does, as far as our templates need it: references
// become <Name>, and a reference to what there is not is an error.
type template struct {
	t          testing.TB
	name       string
	parameters map[string]string
	lists      map[string]bool // parameters of several values, with commas between
	root       *yaml.Node      // its sections
	used       map[string]bool // names that were referred to
}

// noValue is AWS::NoValue: what has it is left out.
type noValue struct{}

func loadTemplate(t testing.TB, name string, parameters map[string]string) *template {
	t.Helper()
	c := &template{t: t, name: name, parameters: map[string]string{}, lists: map[string]bool{}, used: map[string]bool{}}
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/aws/cloudformation/"+name)), &document))
	c.root = document.Content[0]
	for key, node := range c.entries("Parameters") {
		var p struct {
			Default       *string  `yaml:"Default"`
			Description   string   `yaml:"Description"`
			Type          string   `yaml:"Type"`
			AllowedValues []string `yaml:"AllowedValues"`
			Pattern       string   `yaml:"AllowedPattern"`
		}
		require.NoError(t, node.Decode(&p), key)
		assert.NotEmpty(t, p.Description, "%s: parameter %s", name, key)
		value, given := parameters[key]
		if !given && p.Default != nil {
			value, given = *p.Default, true
		}
		require.True(t, given, "%s: parameter %s has no value", name, key)
		if len(p.AllowedValues) > 0 {
			require.Contains(t, p.AllowedValues, value, "%s: parameter %s", name, key)
		}
		c.parameters[key], c.lists[key] = value, p.Type == "CommaDelimitedList"
		values := []string{value}
		if c.lists[key] {
			values = strings.Split(value, ",")
		}
		for _, one := range values {
			require.Regexp(t, "^(?:"+cmp.Or(p.Pattern, ".*")+")$", one, "%s: parameter %s", name, key)
		}
	}
	for key := range parameters {
		require.Contains(t, c.parameters, key, "%s has no such parameter", name)
	}
	return c
}

// without is a mapping without one of its keys.
func without(mapping *yaml.Node, but string) *yaml.Node {
	out := *mapping
	out.Content = nil
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value != but {
			out.Content = append(out.Content, mapping.Content[i], mapping.Content[i+1])
		}
	}
	return &out
}

// pairs are the keys and values of a mapping.
func pairs(mapping *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}

// entries are those of a section, which may be missing.
func (c *template) entries(section string) map[string]*yaml.Node {
	all := map[string]*yaml.Node{}
	for name, node := range pairs(c.root) {
		if name == section {
			maps.Insert(all, pairs(node))
		}
	}
	return all
}

// holds works out a condition.
func (c *template) holds(name string) bool {
	node, found := c.entries("Conditions")[name]
	require.True(c.t, found, "%s: there is no condition %s", c.name, name)
	c.used[name] = true
	return c.truth(node)
}

func (c *template) truth(node *yaml.Node) bool {
	switch node.Tag {
	case "!Condition":
		return c.holds(node.Value)
	case "!Not":
		return !c.truth(node.Content[0])
	case "!And":
		return !slices.ContainsFunc(node.Content, func(part *yaml.Node) bool { return !c.truth(part) })
	case "!Equals":
		return c.value(node.Content[0]) == c.value(node.Content[1])
	case "!Contains": // in rules only
		return slices.Contains(c.value(node.Content[0]).([]any), c.value(node.Content[1]))
	}
	require.Fail(c.t, "not a condition", "%s: %s", c.name, node.Tag)
	return false
}

// refused returns what the rules say against the parameters. A rule may use rule
// functions and !Ref only.
func (c *template) refused() []string {
	var out []string
	for name, rule := range c.entries("Rules") {
		var parts struct {
			Assertions []struct {
				Assert            yaml.Node `yaml:"Assert"`
				AssertDescription string    `yaml:"AssertDescription"`
			} `yaml:"Assertions"`
		}
		require.NoError(c.t, rule.Decode(&parts), name)
		require.NotEmpty(c.t, parts.Assertions, name)
		for _, one := range parts.Assertions {
			if !c.truth(&one.Assert) {
				out = append(out, one.AssertDescription)
			}
		}
	}
	return out
}

// active reports whether a resource exists with these parameters.
func (c *template) active(resource *yaml.Node) bool {
	for key, value := range pairs(resource) {
		if key == "Condition" {
			return c.holds(value.Value)
		}
	}
	return true
}

var substitution = regexp.MustCompile(`\$\{([^}]+)\}`)

// value works out a node: strings, lists and maps.
func (c *template) value(node *yaml.Node) any {
	switch node.Tag {
	case "!Ref":
		return c.reference(node.Value)
	case "!GetAtt":
		name, _, found := strings.Cut(node.Value, ".")
		assert.True(c.t, found, "%s: !GetAtt %s", c.name, node.Value)
		return c.reference(name)
	case "!Sub":
		return substitution.ReplaceAllStringFunc(node.Value, func(part string) string {
			name, _, _ := strings.Cut(part[2:len(part)-1], ".")
			return fmt.Sprint(c.reference(name))
		})
	case "!Select":
		at, err := strconv.Atoi(node.Content[0].Value)
		require.NoError(c.t, err)
		return c.value(node.Content[1]).([]any)[at]
	case "!Split":
		parts := []any{}
		for _, part := range strings.Split(c.value(node.Content[1]).(string), node.Content[0].Value) {
			parts = append(parts, part)
		}
		return parts
	case "!Join":
		var parts []string
		for _, part := range c.value(node.Content[1]).([]any) {
			parts = append(parts, part.(string))
		}
		return strings.Join(parts, node.Content[0].Value)
	case "!If":
		if c.holds(node.Content[0].Value) {
			return c.value(node.Content[1])
		}
		return c.value(node.Content[2])
	}
	require.True(c.t, strings.HasPrefix(node.Tag, "!!"), "%s: %s", c.name, node.Tag)
	switch node.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for key, value := range pairs(node) {
			if v := c.value(value); v != (noValue{}) {
				out[key] = v
			}
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, part := range node.Content {
			if v := c.value(part); v != (noValue{}) {
				out = append(out, v)
			}
		}
		return out
	}
	return node.Value
}

func (c *template) reference(name string) any {
	c.used[name] = true
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if strings.HasPrefix(name, "AWS::") {
		assert.Contains(c.t, []string{"AWS::AccountId", "AWS::Partition", "AWS::Region"}, name, c.name)
		return "<" + name + ">"
	}
	if value, found := c.parameters[name]; found {
		if !c.lists[name] {
			return value
		}
		values := []any{}
		for _, one := range strings.Split(value, ",") {
			values = append(values, one)
		}
		return values
	}
	resource, found := c.entries("Resources")[name]
	if assert.True(c.t, found, "%s: there is no %s", c.name, name) {
		assert.True(c.t, c.active(resource), "%s: %s is referred to where it is not", c.name, name)
	}
	return "<" + name + ">"
}

// render works out all resources that are there, and the outputs.
func (c *template) render() map[string]map[string]any {
	out := map[string]map[string]any{}
	for name, node := range c.entries("Resources") {
		if c.active(node) {
			out[name] = c.value(without(node, "Condition")).(map[string]any)
		}
	}
	for _, node := range c.entries("Outputs") {
		if c.active(node) {
			c.value(without(node, "Condition"))
		}
	}
	return out
}

// at goes down into maps and lists: "Properties.Rules.0.Id".
func at(t testing.TB, in any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, ".") {
		switch v := in.(type) {
		case map[string]any:
			require.Contains(t, v, key, path)
			in = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			require.NoError(t, err, path)
			require.Less(t, i, len(v), path)
			in = v[i]
		default:
			require.Fail(t, "nothing below", "%s in %s", key, path)
		}
	}
	return in
}

// choices are the parameters of logs.yaml that change what is in it.
func choices() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, source := range []string{"queue", "bucket"} {
		for _, encryption := range []string{"sqs", "kms"} {
			for _, oidc := range []string{"", "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"} {
				all[fmt.Sprintf("%s %s %t", source, encryption, oidc != "")] = map[string]string{
					"LogBucketName": "logs", "Source": source, "QueueEncryption": encryption, "OidcProvider": oidc,
					"SourceBuckets": "shop", "AlarmTopicArn": "arn:aws:sns:us-east-1:111122223333:alarms",
				}
			}
		}
	}
	return all
}

func TestTemplatesReferToWhatIsThere(t *testing.T) {
	used := map[string]bool{}
	for name, parameters := range choices() {
		c := loadTemplate(t, "logs.yaml", parameters)
		resources := c.render()
		assert.Empty(t, c.refused(), name)
		assert.Equal(t, parameters["Source"] == "queue", resources["Queue"] != nil, name)
		maps.Copy(used, c.used)
	}
	c := loadTemplate(t, "logs.yaml", choices()["queue kms true"])
	for _, section := range []string{"Parameters", "Conditions"} {
		for name := range c.entries(section) {
			assert.True(t, used[name], "%s is used nowhere", name)
		}
	}
	assert.Len(t, glob(t, "deploy/aws/cloudformation/*"), 2+len(organization), "the tests know of these templates")
}

func TestTemplateOfASourceBucketHasEveryLayout(t *testing.T) {
	for layout, want := range map[string]any{
		"simple":                       map[string]any{"SimplePrefix": map[string]any{}},
		"partitioned-by-event-time":    map[string]any{"PartitionedPrefix": map[string]any{"PartitionDateSource": "EventTime"}},
		"partitioned-by-delivery-time": map[string]any{"PartitionedPrefix": map[string]any{"PartitionDateSource": "DeliveryTime"}},
	} {
		c := loadTemplate(t, "source-bucket.yaml", map[string]string{"BucketName": "shop", "LogBucketName": "logs", "Layout": layout})
		logging := at(t, c.render()["Bucket"], "Properties.LoggingConfiguration")
		assert.Equal(t, map[string]any{"DestinationBucketName": "logs", "LogFilePrefix": "access/", "TargetObjectKeyFormat": want}, logging)
		for name := range c.entries("Parameters") {
			assert.True(t, c.used[name], "%s is used nowhere", name)
		}
	}
}

func TestTemplateOfTheLogBucket(t *testing.T) {
	all := loadTemplate(t, "logs.yaml", choices()["queue kms false"]).render()
	bucket := at(t, all["LogBucket"], "Properties")
	assert.Equal(t, "Retain", all["LogBucket"]["DeletionPolicy"])
	assert.Equal(t, "BucketOwnerEnforced", at(t, bucket, "OwnershipControls.Rules.0.ObjectOwnership"))
	for _, setting := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		assert.Equal(t, "true", at(t, bucket, "PublicAccessBlockConfiguration."+setting))
	}
	assert.Equal(t, "AES256", at(t, bucket, "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm"),
		"S3 delivers no logs to a bucket with another default")
	assert.Equal(t, "<Queue>", at(t, bucket, "NotificationConfiguration.QueueConfigurations.0.Queue"))
	assert.Equal(t, "<QueuePolicy>", at(t, all["LogBucket"], "Metadata.QueuePolicy"), "the bucket does not wait for it")
	assert.Equal(t, "Enabled", at(t, bucket, "VersioningConfiguration.Status"))
	assert.Equal(t, "30", at(t, bucket, "LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration.NoncurrentDays"), "what is deleted would stay")
	assert.Equal(t, map[string]any{
		"redrivePermission": "byQueue",
		"sourceQueueArns":   []any{"arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:" + at(t, all["Queue"], "Properties.QueueName").(string)},
	}, at(t, all["DeadLetterQueue"], "Properties.RedriveAllowPolicy"))
	receives, err := strconv.Atoi(at(t, all["Queue"], "Properties.RedrivePolicy.maxReceiveCount").(string))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, receives, 10)

	alone := at(t, loadTemplate(t, "logs.yaml", choices()["bucket sqs false"]).render()["LogBucket"], "Properties")
	assert.NotContains(t, alone, "NotificationConfiguration")
}

// Where a service account is trusted, the document is text.
func TestTemplateTrustsOneServiceAccount(t *testing.T) {
	all := loadTemplate(t, "logs.yaml", choices()["queue sqs true"]).render()
	var document any
	text := at(t, all["ReaderRole"], "Properties.AssumeRolePolicyDocument").(string)
	require.NoError(t, yaml.Unmarshal([]byte(text), &document), text)
	assert.Equal(t, map[string]any{
		"oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:aud": "sts.amazonaws.com",
		"oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub": "system:serviceaccount:otelcol-s3audit:otelcol-s3audit",
	}, at(t, document, "Statement.0.Condition.StringEquals"), text)
}
