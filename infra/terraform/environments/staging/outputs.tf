output "site" {
  value = module.platform.site
}

output "stream" {
  value = module.platform.stream
}

output "google_button" {
  value = module.platform.google_button
}

output "registry" {
  value = module.platform.registry
}

output "services" {
  value = module.platform.services
}

output "job" {
  value = module.platform.job
}

output "event_subscriptions" {
  value = module.platform.event_subscriptions
}

output "dead_letter_topic" {
  value = module.platform.dead_letter_topic
}

output "federation" {
  value = module.platform.federation
}

output "deployer" {
  value = module.platform.deployer
}

output "alerts" {
  value = module.platform.alerts
}

output "dns" {
  value = module.platform.dns
}

output "work" {
  value = module.platform.work
}
