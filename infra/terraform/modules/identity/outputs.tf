output "emails" {
  description = "Of the processes, by the names of deployables.yaml."
  value       = local.emails
}

output "invoker" {
  value = google_service_account.invoker.email
}

output "deployer" {
  value = google_service_account.deployer.email
}

output "federation" {
  description = "What the GitHub workflow names; null without federation."
  value = one([
    for key in local.federated : {
      provider        = google_iam_workload_identity_pool_provider.github[key].name
      service_account = google_service_account.trigger[key].email
    }
  ])
}
