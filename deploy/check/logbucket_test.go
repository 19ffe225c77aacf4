package check

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// A log bucket that logs into itself makes logs of its logs, without end. No template
// sets that up, whether the log bucket exists or not.
func TestLogBucketIsNeverLoggedIntoItself(t *testing.T) {
	for _, create := range []string{"yes", "no"} {
		for buckets, refuses := range map[string]bool{"shop": false, "shop,logs-2": false, "logs": true, "shop,logs": true} {
			c := loadTemplate(t, "logs.yaml", map[string]string{"LogBucketName": "logs", "SourceBuckets": buckets, "CreateLogBucket": create})
			assert.Equal(t, refuses, len(c.refused()) > 0, buckets)
		}
	}
	for bucket, refuses := range map[string]bool{"shop": false, "logs": true} {
		c := loadTemplate(t, "source-bucket.yaml", map[string]string{"BucketName": bucket, "LogBucketName": "logs"})
		assert.Equal(t, refuses, len(c.refused()) > 0, bucket)

		logging := find(t, terraform(t), "resource", "aws_s3_bucket_logging", "source")
		condition := find(t, find(t, logging.Blocks, "lifecycle").Blocks, "precondition").Attributes["condition"]
		for _, create := range []bool{true, false} {
			context := moduleContext(t, map[string]cty.Value{"create_log_bucket": cty.BoolVal(create)})
			context.Variables["each"] = text("key", bucket)
			value, problems := condition.Expr.Value(context)
			require.False(t, problems.HasErrors(), problems.Error())
			assert.Equal(t, !refuses, value.True(), bucket)
			target := texts(t, logging.Attributes["target_bucket"], context)
			assert.Equal(t, []string{"logs"}, target, "the bucket that the condition is about")
		}
	}
}

// Of a log bucket that exists nothing is changed, and what is beside it is as for a new
// one.
func TestLogBucketThatExistsIsLeftAlone(t *testing.T) {
	for _, source := range []string{"queue", "bucket"} {
		parameters := map[string]string{"LogBucketName": "logs", "SourceBuckets": "shop", "Source": source, "QueueEncryption": "kms", "CreateLogBucket": "no"}
		c := loadTemplate(t, "logs.yaml", parameters)
		rendered := c.render()
		require.Empty(t, c.refused())
		for name, resource := range rendered {
			assert.False(t, strings.HasPrefix(resource["Type"].(string), "AWS::S3::"), name)
		}
		existing := templatePoliciesWith(t, parameters)
		created := templatePolicies(t, source, "kms")
		delete(created, "bucket")
		assert.Equal(t, created, existing, source)

		for _, create := range []bool{true, false} {
			context := moduleContext(t, map[string]cty.Value{"create_log_bucket": cty.BoolVal(create), "source_type": cty.StringVal(source)})
			kinds := 0
			for _, block := range terraform(t) {
				if block.Type != "resource" || !strings.HasPrefix(block.Labels[0], "aws_s3_bucket") || block.Labels[0] == "aws_s3_bucket_logging" {
					continue
				}
				kinds++
				require.NotNil(t, block.Body.Attributes["count"], block.Labels)
				count, problems := block.Body.Attributes["count"].Expr.Value(context)
				require.False(t, problems.HasErrors(), problems.Error())
				want := create && (source == "queue" || block.Labels[0] != "aws_s3_bucket_notification")
				assert.Equal(t, want, count.RawEquals(cty.NumberIntVal(1)), "%v %s", block.Labels, source)
			}
			assert.Equal(t, 8, kinds)
			policies := terraformPoliciesWith(t, map[string]cty.Value{
				"create_log_bucket": cty.BoolVal(create), "source_type": cty.StringVal(source), "queue_encryption": cty.StringVal("kms"),
			})
			assert.Equal(t, terraformPolicies(t, source, "kms"), policies, source)
		}
	}
}

// ARNs name the partition that a stack is in. Services' principals are the same in all.
func TestTemplatesAreForEveryPartition(t *testing.T) {
	files := append(glob(t, "deploy/aws/cloudformation/*.yaml"), glob(t, "deploy/aws/terraform/*.tf")...)
	files = append(files, glob(t, "deploy/aws/terraform/*/*.tf")...)
	comment, example := regexp.MustCompile(`(?m)(^|\s)#.*$`), "oidc.eks.us-east-1.amazonaws.com"
	for _, name := range files {
		text := strings.ReplaceAll(comment.ReplaceAllString(read(t, strings.TrimPrefix(name, root+"/")), ""), example, "")
		assert.NotRegexp(t, `arn:aws(-[a-z-]+)?:|\b(us|eu|ap|cn|ca|sa|af|me|il|mx)-[a-z]+-\d`, text, name)
		for _, host := range regexp.MustCompile(`[\w.-]*amazonaws\.com[\w.]*`).FindAllString(text, -1) {
			assert.Regexp(t, `^(ec2|ecs-tasks|events|logging\.s3|pods\.eks|s3|sts)\.amazonaws\.com$`, strings.TrimRight(host, "."), name)
		}
	}
}

// cfn-lint knows the types of CloudFormation's resources.
func TestTemplatesPassTheLinter(t *testing.T) {
	ctx := t.Context()
	if err := exec.CommandContext(ctx, "cfn-lint", "--version").Run(); err != nil {
		t.Skip("no cfn-lint: ", err)
	}
	output, err := exec.CommandContext(ctx, "cfn-lint", glob(t, "deploy/aws/cloudformation/*.yaml")...).CombinedOutput()
	assert.NoError(t, err, string(output))
}
