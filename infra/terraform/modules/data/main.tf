# What is kept: documents, files, the key of user secrets, and the platform's own secrets.

# WARNING: the location of a Firestore database cannot be changed, ever; moving means a new project, an export and an import.
resource "google_firestore_database" "main" {
  project                           = var.project
  name                              = "(default)"
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_firestore_backup_schedule" "daily" {
  project   = var.project
  database  = google_firestore_database.main.name
  retention = "604800s"

  daily_recurrence {}
}

locals {
  declared = jsondecode(file(var.indexes))
  indexes = {
    for index in local.declared.indexes :
    join("/", concat([index.collectionGroup, index.queryScope], [for field in index.fields : join(":", values(field))])) => index
  }
  expiring = {
    for field in local.declared.fieldOverrides : "${field.collectionGroup}.${field.fieldPath}" => field
    if try(field.ttl, false)
  }
}

resource "google_firestore_index" "composite" {
  for_each    = local.indexes
  project     = var.project
  database    = google_firestore_database.main.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }
}

resource "google_firestore_field" "expiring" {
  for_each   = local.expiring
  project    = var.project
  database   = google_firestore_database.main.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  ttl_config {}

  # Nobody queries by it, and an index on a rising time would limit the writes of the whole collection.
  index_config {}
}

resource "google_storage_bucket" "files" {
  project                     = var.project
  name                        = "${var.project}-files"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = 604800
  }
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 1
      matches_prefix = ["rehearsals/"]
    }
  }
}

resource "google_storage_bucket" "builds" {
  project                     = var.project
  name                        = "${var.project}-builds"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 30
    }
  }
}

resource "google_kms_key_ring" "main" {
  project  = var.project
  name     = "oh-my-agent"
  location = var.region
}

resource "google_kms_crypto_key" "vault" {
  name            = "user-secrets"
  key_ring        = google_kms_key_ring.main.id
  rotation_period = "7776000s"

  # Without this key nobody's secrets can be read again.
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret" "platform" {
  for_each  = var.secrets
  project   = var.project
  secret_id = each.key

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
