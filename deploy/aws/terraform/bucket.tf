data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account     = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  has_queue   = var.source_type == "queue"
  has_key     = local.has_queue && var.queue_encryption == "kms"
  source_arns = [for bucket in keys(var.source_buckets) : "arn:${local.partition}:s3:::${bucket}"]
  log_objects = "${aws_s3_bucket.log.arn}/${var.log_prefix}*"
}

resource "aws_s3_bucket" "log" {
  bucket = var.log_bucket
}

resource "aws_s3_bucket_ownership_controls" "log" {
  bucket = aws_s3_bucket.log.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "log" {
  bucket                  = aws_s3_bucket.log.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# S3 delivers no logs to a bucket whose default is a KMS key.
resource "aws_s3_bucket_server_side_encryption_configuration" "log" {
  bucket = aws_s3_bucket.log.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "log" {
  bucket = aws_s3_bucket.log.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
      prefix = var.log_prefix
    }

    expiration {
      days = var.retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

data "aws_iam_policy_document" "log_bucket" {
  # Without a source bucket nobody delivers.
  dynamic "statement" {
    for_each = length(local.source_arns) > 0 ? [1] : []

    content {
      sid       = "LogDelivery"
      actions   = ["s3:PutObject"]
      resources = [local.log_objects]

      principals {
        type        = "Service"
        identifiers = ["logging.s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = local.source_arns
      }
    }
  }

  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.log.arn, "${aws_s3_bucket.log.arn}/*"]

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

resource "aws_s3_bucket_policy" "log" {
  bucket = aws_s3_bucket.log.id
  policy = data.aws_iam_policy_document.log_bucket.json

  depends_on = [aws_s3_bucket_public_access_block.log]
}

resource "aws_s3_bucket_logging" "source" {
  for_each = var.source_buckets

  bucket        = each.key
  target_bucket = aws_s3_bucket.log.id
  target_prefix = var.log_prefix

  target_object_key_format {
    dynamic "simple_prefix" {
      for_each = each.value == "simple" ? [1] : []

      content {}
    }

    dynamic "partitioned_prefix" {
      for_each = each.value == "simple" ? [] : [1]

      content {
        partition_date_source = each.value == "partitioned-by-event-time" ? "EventTime" : "DeliveryTime"
      }
    }
  }

  lifecycle {
    precondition {
      condition     = each.key != var.log_bucket
      error_message = "A log bucket that is logged into itself makes logs of its logs, without end."
    }
  }

  depends_on = [aws_s3_bucket_policy.log]
}
