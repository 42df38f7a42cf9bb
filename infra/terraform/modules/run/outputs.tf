output "urls" {
  value = local.urls
}

output "services" {
  description = "Their names, once they exist."
  value       = { for name, service in google_cloud_run_v2_service.process : name => service.name }
}

output "job" {
  value = google_cloud_run_v2_job.runner.name
}

output "stream_records" {
  description = "The DNS records that the stream's domain needs."
  value       = [for mapping in google_cloud_run_domain_mapping.stream : mapping.status]
}
