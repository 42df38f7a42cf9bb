# Who may do what: one account for each kind of process, each with what it uses and nothing else.

locals {
  emails = { for name, account in google_service_account.process : name => account.email }
  roles = {
    for pair in flatten([
      for name, account in var.accounts : [for role in account.roles : { name = name, role = role }]
    ]) : "${pair.name} ${pair.role}" => pair
  }
  keys = { both = "roles/cloudkms.cryptoKeyEncrypterDecrypter", open = "roles/cloudkms.cryptoKeyDecrypter" }
  readers = {
    for pair in flatten([
      for name, account in var.accounts : [for secret in account.secrets : { name = name, secret = secret }]
    ]) : "${pair.name} ${pair.secret}" => pair
  }
  own_roles = {
    launch = { for name, account in var.accounts : name => google_project_iam_custom_role.launcher.name if account.launches }
    switch = { for name, account in var.accounts : name => google_project_iam_custom_role.switch.name if account.switches }
  }
}

resource "google_service_account" "process" {
  for_each     = var.accounts
  project      = var.project
  account_id   = "oma-${each.key}"
  display_name = "Oh My Agent: ${each.key}"
}

resource "google_project_iam_member" "process" {
  for_each = local.roles
  project  = var.project
  role     = each.value.role
  member   = "serviceAccount:${local.emails[each.value.name]}"
}

# Google's own roles for this may also change or delete jobs.
resource "google_project_iam_custom_role" "launcher" {
  project = var.project
  role_id = "omaLauncher"
  title   = "Oh My Agent: start, look at and stop runs"
  permissions = [
    "run.executions.cancel", "run.executions.get", "run.executions.list", "run.jobs.get", "run.jobs.run",
    "run.jobs.runWithOverrides", "run.operations.get", "run.tasks.get", "run.tasks.list",
  ]
}

resource "google_project_iam_custom_role" "switch" {
  project     = var.project
  role_id     = "omaSwitch"
  title       = "Oh My Agent: pause and resume the tick"
  permissions = ["cloudscheduler.jobs.enable", "cloudscheduler.jobs.get", "cloudscheduler.jobs.pause"]
}

resource "google_project_iam_member" "launch" {
  for_each = local.own_roles.launch
  project  = var.project
  role     = each.value
  member   = "serviceAccount:${local.emails[each.key]}"
}

resource "google_project_iam_member" "switch" {
  for_each = local.own_roles.switch
  project  = var.project
  role     = each.value
  member   = "serviceAccount:${local.emails[each.key]}"
}

resource "google_storage_bucket_iam_member" "files" {
  for_each = { for name, account in var.accounts : name => account if account.files }
  bucket   = var.bucket
  role     = "roles/storage.objectUser"
  member   = "serviceAccount:${local.emails[each.key]}"
}

# A signed address is signed by the account itself; there are no keys.
resource "google_service_account_iam_member" "signs" {
  for_each           = { for name, account in var.accounts : name => account if account.files }
  service_account_id = google_service_account.process[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${local.emails[each.key]}"
}

resource "google_kms_crypto_key_iam_member" "vault" {
  for_each      = { for name, account in var.accounts : name => account.vault if account.vault != null }
  crypto_key_id = var.key
  role          = local.keys[each.value]
  member        = "serviceAccount:${local.emails[each.key]}"
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = local.readers
  project   = var.project
  secret_id = var.secrets[each.value.secret]
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.emails[each.value.name]}"
}

# It does nothing but prove, by its OIDC token, that the clock, a queue or a trigger knocks.
resource "google_service_account" "invoker" {
  project      = var.project
  account_id   = "oma-invoker"
  display_name = "Oh My Agent: calls the private functions"
}

resource "google_project_iam_member" "receiver" {
  project = var.project
  role    = "roles/eventarc.eventReceiver"
  member  = "serviceAccount:${google_service_account.invoker.email}"
}

# A task names the account that its call is made as; whoever makes tasks must be allowed to.
resource "google_service_account_iam_member" "acts" {
  for_each           = { for name, account in var.accounts : name => account if account.queue }
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${local.emails[each.key]}"
}
