output "queues" {
  value = { for name, queue in google_cloud_tasks_queue.work : name => queue.id }
}

output "tick" {
  description = "The clock's jobs, by function."
  value       = { for name, job in google_cloud_scheduler_job.tick : name => job.name }
}

output "event_subscriptions" {
  value = [for trigger in google_eventarc_trigger.change : try(trigger.transport[0].pubsub[0].subscription, "")]
}

output "dead_letter_topic" {
  value = google_pubsub_topic.dead.id
}
