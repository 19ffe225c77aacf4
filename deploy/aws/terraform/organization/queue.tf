resource "aws_sqs_queue" "log" {
  count = local.has_queue ? 1 : 0

  name                       = var.name
  message_retention_seconds  = 604800 # 7 days: how long all collectors may be away
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 300
  sqs_managed_sse_enabled    = local.has_key ? null : true
  kms_master_key_id          = local.has_key ? aws_kms_key.queue[0].arn : null

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[0].arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "dead_letter" {
  count = local.has_queue ? 1 : 0

  name                      = "${var.name}-dead-letter"
  message_retention_seconds = 1209600 # 14 days, counted from the first queue on
  sqs_managed_sse_enabled   = local.has_key ? null : true
  kms_master_key_id         = local.has_key ? aws_kms_key.queue[0].arn : null
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letter" {
  count = local.has_queue ? 1 : 0

  queue_url = aws_sqs_queue.dead_letter[0].id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.log[0].arn]
  })
}

data "aws_iam_policy_document" "dead_letter" {
  count = local.has_queue ? 1 : 0

  # Events that the queue did not take.
  statement {
    sid       = "Undelivered"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letter[0].arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.log[0].arn]
    }
  }

  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.dead_letter[0].arn]

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

resource "aws_sqs_queue_policy" "dead_letter" {
  count = local.has_queue ? 1 : 0

  queue_url = aws_sqs_queue.dead_letter[0].id
  policy    = data.aws_iam_policy_document.dead_letter[0].json
}

data "aws_iam_policy_document" "queue" {
  count = local.has_queue ? 1 : 0

  statement {
    sid       = "Notifications"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.log[0].arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.log[0].arn]
    }
  }

  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.log[0].arn]

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

resource "aws_sqs_queue_policy" "log" {
  count = local.has_queue ? 1 : 0

  queue_url = aws_sqs_queue.log[0].id
  policy    = data.aws_iam_policy_document.queue[0].json
}

data "aws_iam_policy_document" "key" {
  count = local.has_key ? 1 : 0

  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "Notifications"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    # By name: the rule is created after the queue and its key.
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}/s3-access-logs"]
    }
  }
}

resource "aws_kms_key" "queue" {
  count = local.has_key ? 1 : 0

  description         = "Messages about the organization's log objects"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key[0].json
}
