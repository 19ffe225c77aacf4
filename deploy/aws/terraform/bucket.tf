data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account     = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  region      = data.aws_region.current.id
  has_queue   = var.source_type == "queue"
  has_key     = local.has_queue && var.queue_encryption == "kms"
  bucket_arn  = "arn:${local.partition}:s3:::${var.log_bucket}"
  log_objects = "${local.bucket_arn}/${var.log_prefix}*"

  # Anyone who may set a bucket's logging chooses the prefix, and so the account in a key.
  deliveries = {
    LogDelivery = {
      resource = "${local.bucket_arn}/${var.log_prefix}${local.account}/${local.region}/*"
      sources  = [for bucket, layout in var.source_buckets : "arn:${local.partition}:s3:::${bucket}" if layout != "simple"]
    }
    SimpleLogDelivery = {
      resource = local.log_objects
      sources  = [for bucket, layout in var.source_buckets : "arn:${local.partition}:s3:::${bucket}" if layout == "simple"]
    }
  }
}

resource "aws_s3_bucket" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket = var.log_bucket
}

resource "aws_s3_bucket_ownership_controls" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.log[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket                  = aws_s3_bucket.log[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# S3 delivers no logs to a bucket whose default is a KMS key.
resource "aws_s3_bucket_server_side_encryption_configuration" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.log[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.log[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "log" {
  count = var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket_versioning.log[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
      prefix = var.log_prefix
    }

    expiration {
      days = var.retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "markers" # delete markers that are the last version of their object
    status = "Enabled"

    filter {
      prefix = var.log_prefix
    }

    expiration {
      expired_object_delete_marker = true
    }
  }
}

data "aws_iam_policy_document" "log_bucket" {
  # Without a source bucket no delivery is allowed.
  dynamic "statement" {
    for_each = { for sid, delivery in local.deliveries : sid => delivery if length(delivery.sources) > 0 }

    content {
      sid       = statement.key
      actions   = ["s3:PutObject"]
      resources = [statement.value.resource]

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
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = statement.value.sources
      }
    }
  }

  # Each delivery would cause another one, without end.
  statement {
    sid       = "NoLogOfTheLog"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.bucket_arn]
    }
  }

  # Applies to the account's administrators too, but not to lifecycle rules.
  statement {
    sid       = "OnlyLogDelivery"
    effect    = "Deny"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"]
    resources = ["${local.bucket_arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalServiceName"
      values   = ["logging.s3.amazonaws.com"]
    }
  }

  statement {
    sid       = "TLSOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arn, "${local.bucket_arn}/*"]

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
  count = var.create_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.log[0].id
  policy = data.aws_iam_policy_document.log_bucket.json

  depends_on = [aws_s3_bucket_public_access_block.log]
}

resource "aws_s3_bucket_logging" "source" {
  for_each = var.source_buckets

  bucket        = each.key
  target_bucket = var.log_bucket
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
