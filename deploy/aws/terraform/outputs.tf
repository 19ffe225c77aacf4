output "log_bucket" {
  description = "bucket.name"
  value       = var.log_bucket
}

output "log_bucket_policy" {
  description = "Policy of the log bucket; where create_log_bucket is false, for you to merge with the bucket's own"
  value       = data.aws_iam_policy_document.log_bucket.json
}

output "queue_url" {
  description = "queue.url; null without a queue"
  value       = one(aws_sqs_queue.log[*].url)
}

output "dead_letter_queue_url" {
  description = "Messages about objects that could not be read; null without a queue"
  value       = one(aws_sqs_queue.dead_letter[*].url)
}

output "reader_role_arn" {
  description = "aws.role_arn, or the role of the service account"
  value       = aws_iam_role.reader.arn
}

output "instance_profile" {
  description = "For an EC2 instance"
  value       = aws_iam_instance_profile.reader.name
}
