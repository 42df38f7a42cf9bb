output "records" {
  description = "The DNS records that the site's domain needs."
  value       = [for domain in google_firebase_hosting_custom_domain.page : domain.required_dns_updates]
}
