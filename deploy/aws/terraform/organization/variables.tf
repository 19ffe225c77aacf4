variable "organization_id" {
  description = "The organization whose accounts are read and may send events."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "An organization's id is o- and 10 to 32 letters and digits."
  }
}

variable "source_type" {
  description = "How the receiver finds objects: queue, or bucket, which needs no event bus and no queue (docs/sources.md)."
  type        = string
  default     = "queue"

  validation {
    condition     = contains(["queue", "bucket"], var.source_type)
    error_message = "The source is queue or bucket."
  }
}

variable "collector_role" {
  description = "Name of the role that the collector runs with."
  type        = string
  default     = "s3-audit-collector"
}

variable "reader_role" {
  description = "Name of the role of ../organization-reader in every account."
  type        = string
  default     = "s3-audit-reader"
}

variable "forwarder_role" {
  description = "As in ../organization-region."
  type        = string
  default     = "s3-audit-forwarder"
}

variable "log_buckets" {
  description = "Names of the log buckets; \"*\" stands for any text, such as acme-*-access-logs."
  type        = list(string)

  validation {
    condition     = length(var.log_buckets) > 0 && alltrue([for name in var.log_buckets : can(regex("^([a-z0-9.-]|\\*[a-z0-9.-])+\\*?$", name))])
    error_message = "At least one name, of lower-case letters, digits, dots and dashes, with single \"*\" between them."
  }
}

variable "log_prefix" {
  description = "What the keys of log objects begin with; no \"/\" is added."
  type        = string
  default     = "access/"
}

variable "name" {
  description = "Name of the queue and of the event bus."
  type        = string
  default     = "s3-access-logs"
}

variable "max_receive_count" {
  description = "A message goes to the dead-letter queue after this many receives; every restart and hand-back costs one."
  type        = number
  default     = 20

  validation {
    condition     = var.max_receive_count >= 10 && var.max_receive_count <= 1000
    error_message = "At least 10, at most 1000."
  }
}

variable "queue_encryption" {
  description = "sqs: keys that SQS manages, at no cost. kms: a key of its own, with its own policy and log."
  type        = string
  default     = "sqs"

  validation {
    condition     = contains(["sqs", "kms"], var.queue_encryption)
    error_message = "The encryption is sqs or kms."
  }
}

variable "max_message_age" {
  description = "Seconds after which an alarm tells of a message that is still in the queue."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_message_age >= 300 && var.max_message_age <= 604800
    error_message = "At least 300, at most 604800."
  }
}

variable "alarm_topics" {
  description = "ARNs of SNS topics of this Region that alarms notify; without one alarms only show in CloudWatch."
  type        = list(string)
  default     = []
}

variable "trusted_service" {
  description = "Where the collector runs, unless oidc_provider is set: ec2.amazonaws.com, ecs-tasks.amazonaws.com or pods.eks.amazonaws.com."
  type        = string
  default     = "ec2.amazonaws.com"

  validation {
    condition     = contains(["ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com"], var.trusted_service)
    error_message = "The service is ec2.amazonaws.com, ecs-tasks.amazonaws.com or pods.eks.amazonaws.com."
  }
}

variable "oidc_provider" {
  description = "For an EKS service account (IRSA), the cluster's issuer without https://."
  type        = string
  default     = ""
}

variable "service_account" {
  description = "On EKS, the namespace and name of the service account."
  type        = string
  default     = "otelcol-s3audit:otelcol-s3audit"

  validation {
    condition     = length(split(":", var.service_account)) == 2
    error_message = "The namespace, a colon and the name."
  }
}
