variable "event_bus_arn" {
  description = "Output event_bus_arn of ../organization."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/", var.event_bus_arn))
    error_message = "The ARN of an event bus."
  }
}

variable "forwarder_role" {
  description = "What the name of the rule's role begins with, as in ../organization; \"-\" and the Region follow."
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

variable "alarm_topics" {
  description = "ARNs of SNS topics of this Region that alarms notify; without one alarms only show in CloudWatch."
  type        = list(string)
  default     = []
}
