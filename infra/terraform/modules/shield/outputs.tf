output "address" {
  description = "Where both domains point, instead of Hosting's and Cloud Run's own records."
  value       = google_compute_global_address.front.address
}
