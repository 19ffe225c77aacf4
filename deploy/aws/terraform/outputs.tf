output "log_bucket" {
  description = "bucket.name"
  value       = aws_s3_bucket.log.id
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
