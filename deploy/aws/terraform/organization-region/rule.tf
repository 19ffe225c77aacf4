data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.id
}

# An event bus is the only target that may be in another Region, and what one bus sends to
# another goes no further, so the queue is a target of the bus in ../organization:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
resource "aws_cloudwatch_event_rule" "log" {
  name        = "s3-access-logs"
  description = "New S3 server access log objects, to the organization's collector"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [for name in var.log_buckets : { wildcard = name }] }
      object = { key = [{ prefix = var.log_prefix }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "log" {
  rule      = aws_cloudwatch_event_rule.log.name
  target_id = "organization"
  arn       = var.event_bus_arn
  role_arn  = aws_iam_role.forwarder.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "Rule"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.log.arn]
    }
  }
}

data "aws_iam_policy_document" "forwarder" {
  statement {
    sid       = "Forward"
    actions   = ["events:PutEvents"]
    resources = [var.event_bus_arn]
  }
}

resource "aws_iam_role" "forwarder" {
  name               = "${var.forwarder_role}-${local.region}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "forwarder" {
  name   = "forward"
  role   = aws_iam_role.forwarder.id
  policy = data.aws_iam_policy_document.forwarder.json
}

# Events that the bus did not take within 24 hours. The queue is in the Region of its rule:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
resource "aws_sqs_queue" "undelivered" {
  name                      = "s3-access-logs-undelivered"
  message_retention_seconds = 1209600 # 14 days
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "undelivered" {
  statement {
    sid       = "Undelivered"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.log.arn]
    }
  }

  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.undelivered.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.undelivered.json
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "s3-access-logs-undelivered"
  alarm_description   = "Events about log objects did not reach the organization's event bus"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}

output "undelivered_queue_url" {
  description = "Events that did not reach the event bus"
  value       = aws_sqs_queue.undelivered.url
}
