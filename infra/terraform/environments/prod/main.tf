provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true
}

provider "google-beta" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true
}

# The bucket is named at init: terraform init -backend-config=bucket=PROJECT-terraform
terraform {
  backend "gcs" {
    prefix = "oh-my-agent"
  }
}

module "platform" {
  source             = "../../modules/platform"
  project            = var.project
  project_number     = var.project_number
  region             = var.region
  scheduler_region   = var.scheduler_region
  firestore_location = var.firestore_location
  images             = var.images
  sizes              = var.sizes
  secret_versions    = var.secret_versions
  settings           = var.settings
  site_domain        = var.site_domain
  stream_domain      = var.stream_domain
  github_repository  = var.github_repository
  github_ref         = var.github_ref
  alert_emails       = var.alert_emails
  billing_account    = var.billing_account
  budget_usd         = var.budget_usd
  hourly_spend_usd   = var.hourly_spend_usd
  documentation      = var.documentation
  shield             = var.shield
}
