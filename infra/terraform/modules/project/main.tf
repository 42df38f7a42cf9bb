# The services of the project and the registry of its images.

locals {
  services = toset([
    "artifactregistry", "billingbudgets", "cloudbuild", "cloudkms", "cloudresourcemanager", "cloudscheduler", "cloudtasks",
    "compute", "dns", "eventarc", "firebase", "firebasehosting", "firebaserules", "firestore", "iam", "iamcredentials",
    "logging", "monitoring", "pubsub", "run", "secretmanager", "storage", "sts",
  ])
}

resource "google_project_service" "used" {
  for_each           = local.services
  project            = var.project
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "images" {
  project                = var.project
  location               = var.region
  repository_id          = "oh-my-agent"
  format                 = "DOCKER"
  cleanup_policy_dry_run = false

  docker_config {
    immutable_tags = true
  }
  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-older-ones"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "604800s"
    }
  }
  depends_on = [google_project_service.used]
}
