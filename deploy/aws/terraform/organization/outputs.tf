output "event_bus_arn" {
  description = "event_bus_arn of ../organization-region; null without a queue"
  value       = one(aws_cloudwatch_event_bus.log[*].arn)
}

output "queue_url" {
  description = "queue.url; null without a queue"
  value       = one(aws_sqs_queue.log[*].url)
}

output "dead_letter_queue_url" {
  description = "Messages about objects that could not be read, and events that the queue did not take; null without a queue"
  value       = one(aws_sqs_queue.dead_letter[*].url)
}

output "collector_role_arn" {
  description = "The role that the collector runs with, and collector_role_arn of ../organization-reader"
  value       = aws_iam_role.collector.arn
}

output "instance_profile" {
  description = "For an EC2 instance"
  value       = aws_iam_instance_profile.collector.name
}
