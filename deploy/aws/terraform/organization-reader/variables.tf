variable "organization_id" {
  description = "The organization that the collector's account belongs to."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "An organization's id is o- and 10 to 32 letters and digits."
  }
}

variable "collector_role_arn" {
  description = "Output collector_role_arn of ../organization, or another role that the collector runs with."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.collector_role_arn))
    error_message = "The ARN of a role."
  }
}

variable "external_id" {
  description = "The external_id in aws.roles, the same in all accounts."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]{8,1000}$", var.external_id))
    error_message = "At least 8 letters, digits and +=,.@:/_-"
  }
}

variable "reader_role" {
  description = "Name of the role, as in ../organization."
  type        = string
  default     = "s3-audit-reader"
}

variable "source_type" {
  description = "How the receiver finds objects: queue, or bucket, which also lists and serves the queue source as well."
  type        = string
  default     = "queue"

  validation {
    condition     = contains(["queue", "bucket"], var.source_type)
    error_message = "The source is queue or bucket."
  }
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

variable "key_arns" {
  description = "KMS keys that log objects are encrypted with."
  type        = list(string)
  default     = []
}
