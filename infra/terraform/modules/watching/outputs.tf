output "alerts" {
  description = "Names of the alerts, each a page of docs/incidents/."
  value       = concat(["tick-age", "spend"], keys(local.thresholds))
}
