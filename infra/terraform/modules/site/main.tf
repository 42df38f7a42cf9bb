# The page: Firebase Hosting with its domain, and Firestore rules that refuse every browser.

resource "google_firebase_project" "main" {
  provider = google-beta
  project  = var.project
}

resource "google_firebase_hosting_site" "page" {
  provider   = google-beta
  project    = var.project
  site_id    = var.project
  depends_on = [google_firebase_project.main]
}

resource "google_firebase_hosting_custom_domain" "page" {
  for_each              = toset(compact([var.site_domain]))
  provider              = google-beta
  project               = var.project
  site_id               = google_firebase_hosting_site.page.site_id
  custom_domain         = each.key
  wait_dns_verification = false
}

resource "google_firebaserules_ruleset" "deny" {
  project = var.project
  source {
    files {
      name    = "firestore.rules"
      content = file(var.rules)
    }
  }
}

resource "google_firebaserules_release" "deny" {
  project      = var.project
  name         = "cloud.firestore"
  ruleset_name = google_firebaserules_ruleset.deny.name
}
