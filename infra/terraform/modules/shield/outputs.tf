output "address" {
  description = "Where the stream's domain points, instead of Cloud Run's own records."
  value       = google_compute_global_address.stream.address
}
