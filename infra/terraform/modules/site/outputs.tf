output "address" {
  value = var.site_domain == "" ? "https://${google_firebase_hosting_site.page.site_id}.web.app" : "https://${var.site_domain}"
}

output "records" {
  description = "The DNS records that the site's domain needs."
  value       = [for domain in google_firebase_hosting_custom_domain.page : domain.required_dns_updates]
}
