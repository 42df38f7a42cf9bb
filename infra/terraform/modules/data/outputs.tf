output "database" {
  value = google_firestore_database.main.name
}

output "bucket" {
  value = google_storage_bucket.files.name
}

output "builds" {
  value = google_storage_bucket.builds.name
}

output "key" {
  value = google_kms_crypto_key.vault.id
}

output "secrets" {
  value = { for name, secret in google_secret_manager_secret.platform : name => secret.secret_id }
}
