data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id
  has_queue = var.source_type == "queue"
  has_key   = local.has_queue && var.queue_encryption == "kms"
}

resource "aws_cloudwatch_event_bus" "log" {
  count = local.has_queue ? 1 : 0

  name = var.name
}

# Any account of the organization, with the role that ../organization-region gives its
# rules. PutEvents itself refuses a source that begins with "aws.", so an event that the
# rule below matches is S3's own:
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
data "aws_iam_policy_document" "event_bus" {
  count = local.has_queue ? 1 : 0

  statement {
    sid       = "Organization"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.log[0].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:${local.partition}:iam::*:role/${var.forwarder_role}-*"]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "log" {
  count = local.has_queue ? 1 : 0

  event_bus_name = aws_cloudwatch_event_bus.log[0].name
  policy         = data.aws_iam_policy_document.event_bus[0].json
}

resource "aws_cloudwatch_event_rule" "log" {
  count = local.has_queue ? 1 : 0

  name           = "s3-access-logs"
  description    = "New S3 server access log objects, to the queue"
  event_bus_name = aws_cloudwatch_event_bus.log[0].name

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
  count = local.has_queue ? 1 : 0

  rule           = aws_cloudwatch_event_rule.log[0].name
  event_bus_name = aws_cloudwatch_event_bus.log[0].name
  target_id      = "queue"
  arn            = aws_sqs_queue.log[0].arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter[0].arn
  }
}
