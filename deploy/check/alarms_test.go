package check

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

const alarms = "arn:aws:sns:us-east-1:111122223333:alarms"

// Each queue has an alarm for what is lost, and the one that is read for what waits.
// Both kinds of template have them, with and without somebody to notify.
func TestQueuesHaveAlarms(t *testing.T) {
	for _, topic := range []bool{false, true} {
		s := usual
		s.topic = topic
		logs := map[string]string{"LogBucketName": "logs", "SourceBuckets": "shop"}
		variables := map[string]cty.Value{}
		if topic {
			logs["AlarmTopicArn"], variables["alarm_topics"] = alarms, strs([]string{alarms})
		}
		// As resource, queue, metric, threshold.
		lost := [4]string{"DeadLetterAlarm", "<DeadLetterQueue>", "ApproximateNumberOfMessagesVisible", "0"}
		waits := [4]string{"OldestMessageAlarm", "<Queue>", "ApproximateAgeOfOldestMessage", "3600"}
		undelivered := [4]string{"UndeliveredAlarm", "<Undelivered>", "ApproximateNumberOfMessagesVisible", "0"}

		rendered, context := loadTemplate(t, "logs.yaml", logs).render(), moduleContext(t, variables)
		templateAlarms(t, rendered, topic, lost, waits)
		queueNames(context, true, "log", "dead_letter")
		moduleAlarm(t, terraform(t), context, topic, "dead_letter", lost)
		moduleAlarm(t, terraform(t), context, topic, "oldest_message", waits)

		templateAlarms(t, load(t, "organization", s).render(), topic, lost, waits)
		blocks, context := module(t, "deploy/aws/terraform/organization"), moduleOf(t, "organization", s)
		queueNames(context, true, "log", "dead_letter")
		moduleAlarm(t, blocks, context, topic, "dead_letter", lost)
		moduleAlarm(t, blocks, context, topic, "oldest_message", waits)

		templateAlarms(t, load(t, "organization-region", s).render(), topic, undelivered)
		blocks, context = module(t, "deploy/aws/terraform/organization-region"), moduleOf(t, "organization-region", s)
		queueNames(context, false, "undelivered")
		moduleAlarm(t, blocks, context, topic, "undelivered", undelivered)
	}
}

func templateAlarms(t *testing.T, rendered map[string]map[string]any, topic bool, want ...[4]string) {
	t.Helper()
	for _, alarm := range want {
		require.Equal(t, "AWS::CloudWatch::Alarm", rendered[alarm[0]]["Type"])
		got := at(t, rendered[alarm[0]], "Properties").(map[string]any)
		for setting, value := range map[string]any{
			"Namespace": "AWS/SQS", "MetricName": alarm[2], "Statistic": "Maximum", "Period": "300", "EvaluationPeriods": "1",
			"Threshold": alarm[3], "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
			"Dimensions": []any{map[string]any{"Name": "QueueName", "Value": alarm[1]}},
		} {
			assert.Equal(t, value, got[setting], "%s: %s", alarm[0], setting)
		}
		for _, actions := range []string{"AlarmActions", "OKActions"} {
			if !topic {
				assert.NotContains(t, got, actions, alarm[0])
				continue
			}
			assert.Equal(t, []string{alarms}, list(got[actions], placeholders), "%s: %s", alarm[0], actions)
		}
	}
}

func moduleAlarm(t *testing.T, blocks hclsyntax.Blocks, context *hcl.EvalContext, topic bool, label string, want [4]string) {
	t.Helper()
	got := find(t, blocks, "resource", "aws_cloudwatch_metric_alarm", label)
	value := func(setting string) cty.Value {
		require.NotNil(t, got.Attributes[setting], setting)
		value, problems := got.Attributes[setting].Expr.Value(context)
		require.False(t, problems.HasErrors(), problems.Error())
		return value
	}
	for setting, expected := range map[string]cty.Value{
		"namespace": cty.StringVal("AWS/SQS"), "metric_name": cty.StringVal(want[2]), "statistic": cty.StringVal("Maximum"),
		"period": cty.NumberIntVal(300), "evaluation_periods": cty.NumberIntVal(1), "threshold": cty.MustParseNumberVal(want[3]),
		"comparison_operator": cty.StringVal("GreaterThanThreshold"), "treat_missing_data": cty.StringVal("notBreaching"),
		"dimensions": text("QueueName", want[1]),
	} {
		assert.True(t, value(setting).RawEquals(expected), "%s: %s", label, setting)
	}
	for _, actions := range []string{"alarm_actions", "ok_actions"} {
		if count := value(actions).LengthInt(); topic {
			assert.Equal(t, []string{alarms}, texts(t, got.Attributes[actions], context))
		} else {
			assert.Zero(t, count, actions)
		}
	}
}

// queueNames puts the queues' names, which alarms refer to, in place of their ARNs.
func queueNames(context *hcl.EvalContext, count bool, labels ...string) {
	queues := map[string]cty.Value{}
	for _, label := range labels {
		queues[label] = text("name", map[string]string{"log": "<Queue>", "dead_letter": "<DeadLetterQueue>", "undelivered": "<Undelivered>"}[label])
		if count {
			queues[label] = counted(queues[label])
		}
	}
	context.Variables["aws_sqs_queue"] = cty.ObjectVal(queues)
}
