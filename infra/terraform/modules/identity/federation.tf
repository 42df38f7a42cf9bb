# GitHub proves with its own token which repository and branch a workflow runs for; there are no keys to steal.

locals {
  federated = var.github_repository == "" ? toset([]) : toset(["github"])
  deployer_roles = toset([
    "roles/artifactregistry.admin", "roles/cloudbuild.builds.editor", "roles/cloudkms.admin", "roles/cloudscheduler.admin",
    "roles/cloudtasks.admin", "roles/compute.networkAdmin", "roles/compute.securityAdmin", "roles/datastore.owner",
    "roles/dns.admin", "roles/eventarc.admin", "roles/firebase.admin", "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser", "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter", "roles/logging.logWriter", "roles/monitoring.admin", "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin", "roles/run.admin", "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin", "roles/storage.admin",
  ])
}

# The build's account makes everything here, so it may do as good as anything: whoever may start builds has the project.
resource "google_service_account" "deployer" {
  project      = var.project
  account_id   = "oma-deployer"
  display_name = "Oh My Agent: builds and deploys"
}

resource "google_project_iam_member" "deployer" {
  for_each = local.deployer_roles
  project  = var.project
  role     = each.key
  member   = "serviceAccount:${google_service_account.deployer.email}"
}

resource "google_iam_workload_identity_pool" "github" {
  for_each                  = local.federated
  project                   = var.project
  workload_identity_pool_id = "github"
  display_name              = "GitHub Actions"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  for_each                           = local.federated
  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.github[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"
  attribute_condition                = "assertion.repository == '${var.github_repository}' && assertion.ref == '${var.github_ref}'"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

# A workflow may only start builds; what the build may, it may as the deployer.
resource "google_service_account" "trigger" {
  for_each     = local.federated
  project      = var.project
  account_id   = "oma-trigger"
  display_name = "Oh My Agent: starts builds from GitHub"
}

resource "google_service_account_iam_member" "github" {
  for_each           = local.federated
  service_account_id = google_service_account.trigger[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[each.key].name}/attribute.repository/${var.github_repository}"
}

resource "google_project_iam_member" "trigger" {
  for_each = { for pair in setproduct(local.federated, ["roles/cloudbuild.builds.editor", "roles/serviceusage.serviceUsageConsumer"]) : pair[1] => pair[0] }
  project  = var.project
  role     = each.key
  member   = "serviceAccount:${google_service_account.trigger[each.value].email}"
}

# Where it puts what is to be built.
resource "google_storage_bucket_iam_member" "trigger" {
  for_each = local.federated
  bucket   = var.builds
  role     = "roles/storage.admin"
  member   = "serviceAccount:${google_service_account.trigger[each.key].email}"
}

resource "google_service_account_iam_member" "builds_as" {
  for_each           = local.federated
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${google_service_account.trigger[each.key].email}"
}
