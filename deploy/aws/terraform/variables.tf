variable "log_bucket" {
  description = "Name of the log bucket."
  type        = string
}

variable "create_log_bucket" {
  description = "false: the log bucket exists, and its settings are left alone (README.md of the folder above, \"A log bucket that exists\")."
  type        = bool
  default     = true
}

variable "log_prefix" {
  description = "What the keys of log objects begin with; no \"/\" is added."
  type        = string
  default     = "access/"
}

variable "source_buckets" {
  description = "Buckets to be logged, of the account and Region of the provider: name to layout. They exist already; the log bucket is refused."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for layout in values(var.source_buckets) :
      contains(["simple", "partitioned-by-event-time", "partitioned-by-delivery-time"], layout)
    ])
    error_message = "A layout is simple, partitioned-by-event-time or partitioned-by-delivery-time."
  }

  validation {
    condition     = alltrue([for bucket in keys(var.source_buckets) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "Each source bucket is named, without wildcards."
  }
}

variable "retention_days" {
  description = "Log objects are deleted after this many days."
  type        = number
  default     = 365
}

variable "source_type" {
  description = "How the receiver finds objects: queue, or bucket, which needs no queue (docs/sources.md)."
  type        = string
  default     = "queue"

  validation {
    condition     = contains(["queue", "bucket"], var.source_type)
    error_message = "The source is queue or bucket."
  }
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

variable "name" {
  description = "What the names of the queues, the policy and the role begin with."
  type        = string
  default     = "otelcol-s3audit"
}
