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
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.bucket_arn]
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

# It is the whole of a bucket's notifications, so a log bucket that exists keeps its own.
resource "aws_s3_bucket_notification" "log" {
  count = local.has_queue && var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.log[0].id

  queue {
    queue_arn     = aws_sqs_queue.log[0].arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = var.log_prefix
  }

  depends_on = [aws_sqs_queue_policy.log] # S3 sends a test message to the queue at once
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
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.bucket_arn]
    }
  }
}

resource "aws_kms_key" "queue" {
  count = local.has_key ? 1 : 0

  description         = "Messages about the log objects in ${var.log_bucket}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key[0].json
}
