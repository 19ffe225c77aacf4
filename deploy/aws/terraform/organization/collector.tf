data "aws_iam_policy_document" "collector" {
  statement {
    sid       = "Assume"
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${local.partition}:iam::*:role/${var.reader_role}"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceOrgID"
      values   = [var.organization_id]
    }
  }

  dynamic "statement" {
    for_each = local.has_queue ? [1] : []

    content {
      sid = "Queue"
      actions = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
      ]
      resources = [aws_sqs_queue.log[0].arn]
    }
  }

  dynamic "statement" {
    for_each = local.has_key ? [1] : []

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [aws_kms_key.queue[0].arn]
    }
  }
}

resource "aws_iam_policy" "collector" {
  name   = var.collector_role
  policy = data.aws_iam_policy_document.collector.json
}

# On whose behalf a service assumes the role; EC2 does not say.
locals {
  service_account = split(":", var.service_account)
  trust_conditions = {
    "ecs-tasks.amazonaws.com" = [
      ["StringEquals", "aws:SourceAccount", local.account],
      ["ArnLike", "aws:SourceArn", "arn:${local.partition}:ecs:${local.region}:${local.account}:*"],
    ]
    "pods.eks.amazonaws.com" = [
      ["StringEquals", "aws:RequestTag/kubernetes-namespace", local.service_account[0]],
      ["StringEquals", "aws:RequestTag/kubernetes-service-account", local.service_account[1]],
      ["ArnLike", "aws:RequestTag/eks-cluster-arn", "arn:${local.partition}:eks:${local.region}:${local.account}:cluster/*"],
    ]
  }
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.oidc_provider == "" ? [1] : []

    content {
      sid     = "Trust"
      actions = ["sts:AssumeRole", "sts:TagSession"] # EKS tags its sessions

      principals {
        type        = "Service"
        identifiers = [var.trusted_service]
      }

      dynamic "condition" {
        for_each = lookup(local.trust_conditions, var.trusted_service, [])

        content {
          test     = condition.value[0]
          variable = condition.value[1]
          values   = [condition.value[2]]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = var.oidc_provider == "" ? [] : [1]

    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = ["arn:${local.partition}:iam::${local.account}:oidc-provider/${var.oidc_provider}"]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${var.oidc_provider}:sub"
        values   = ["system:serviceaccount:${var.service_account}"]
      }
    }
  }
}

resource "aws_iam_role" "collector" {
  name               = var.collector_role
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "collector" {
  role       = aws_iam_role.collector.name
  policy_arn = aws_iam_policy.collector.arn
}

resource "aws_iam_instance_profile" "collector" {
  name = var.collector_role
  role = aws_iam_role.collector.name
}
