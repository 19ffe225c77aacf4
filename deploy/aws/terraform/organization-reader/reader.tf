data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account       = data.aws_caller_identity.current.account_id
  partition     = data.aws_partition.current.partition
  lists_buckets = var.source_type == "bucket"
  finds_buckets = local.lists_buckets && length(split("*", join("/", var.log_buckets))) > 1
}

# The account with a condition, not the role, as the principal: a role there would have to
# exist already, and would lose its access when it is created anew.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "Collector"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [split(":", var.collector_role_arn)[4]]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [var.collector_role_arn]
    }
  }
}

# The names of buckets are not this account's alone: with aws:ResourceAccount, a stranger's
# bucket whose name matches a pattern is not taken for one of this account's.
data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for name in var.log_buckets : "arn:${local.partition}:s3:::${name}/${var.log_prefix}*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }

  dynamic "statement" {
    for_each = local.lists_buckets ? [1] : []

    content {
      sid       = "List"
      actions   = ["s3:ListBucket"]
      resources = [for name in var.log_buckets : "arn:${local.partition}:s3:::${name}"]

      condition {
        test     = "StringEquals"
        variable = "aws:ResourceAccount"
        values   = [local.account]
      }
    }
  }

  dynamic "statement" {
    for_each = local.finds_buckets ? [1] : []

    content {
      sid       = "Find"
      actions   = ["s3:ListAllMyBuckets"] # ListBuckets takes no resource
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = length(var.key_arns) > 0 ? [1] : []

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = var.key_arns

      condition {
        test     = "StringLike"
        variable = "kms:ViaService" # "s3." and the Region, in whatever domain the partition has
        values   = ["s3.*"]
      }
    }
  }
}

resource "aws_iam_role" "reader" {
  name               = var.reader_role
  description        = "Read S3 server access logs"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "reader" {
  name   = "read"
  role   = aws_iam_role.reader.id
  policy = data.aws_iam_policy_document.reader.json
}

output "reader_role_arn" {
  description = "role_arn of this account in aws.roles"
  value       = aws_iam_role.reader.arn
}
