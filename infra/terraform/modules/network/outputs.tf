output "network" {
  value = google_compute_network.runs.id
}

output "subnetwork" {
  value = google_compute_subnetwork.runs.id
}
