output "site" {
  value = "https://${local.site}"
}

output "stream" {
  value = local.stream
}

output "google_button" {
  value = contains(keys(var.settings), "GOOGLE_CLIENT_ID")
}

output "registry" {
  value = module.project.registry
}

output "services" {
  description = "What a roll-out moves traffic on."
  value       = sort(keys(local.processes))
}

output "reachable" {
  description = "Those whose own address answers whoever asks, so that a new revision can be tried before it has traffic."
  value       = var.shield ? [] : sort(local.public)
}

output "job" {
  value = module.run.job
}

output "event_subscriptions" {
  value = module.work.event_subscriptions
}

output "dead_letter_topic" {
  value = module.work.dead_letter_topic
}

output "federation" {
  value = module.identity.federation
}

output "deployer" {
  value = module.identity.deployer
}

output "alerts" {
  value = module.watching.alerts
}

output "dns" {
  description = "Records to make where the domains are held."
  value       = { site = module.site.records, stream = module.run.stream_records, shield = [for shield in module.shield : shield.address] }
}

output "work" {
  value = { queues = module.work.queues, tick = module.work.tick }
}
