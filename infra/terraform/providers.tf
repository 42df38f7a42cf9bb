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

