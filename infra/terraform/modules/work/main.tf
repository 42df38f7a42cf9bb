# What happens without a person: the queues, the tick, and functions that Firestore's changes call.

resource "google_cloud_tasks_queue" "work" {
  for_each = var.queues
  project  = var.project
  location = var.region
  name     = each.key

  rate_limits {
    max_dispatches_per_second = each.value.per_second
    max_concurrent_dispatches = each.value.at_once
  }
  retry_config {
    max_attempts  = each.value.attempts
    min_backoff   = "1s"
    max_backoff   = "300s"
    max_doublings = 8
  }
  stackdriver_logging_config {
    sampling_ratio = 0.01
  }
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = { for pair in setproduct(keys(var.queues), var.enqueuers) : "${pair[0]} ${pair[1]}" => pair }
  project  = var.project
  location = var.region
  name     = google_cloud_tasks_queue.work[each.value[0]].name
  role     = "roles/cloudtasks.enqueuer"
  member   = "serviceAccount:${var.emails[each.value[1]]}"
}

# One clock for all agents.
resource "google_cloud_scheduler_job" "tick" {
  for_each         = { for name, process in var.processes : name => process if process.schedule != null }
  project          = var.project
  region           = var.scheduler_region
  name             = each.key
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "55s"

  retry_config {
    retry_count = 0 # the next minute does what this one did not
  }
  http_target {
    http_method = "POST"
    uri         = "${var.urls[each.key]}${each.value.path}"
    oidc_token {
      service_account_email = var.invoker
      audience              = var.urls[each.key]
    }
  }
}

locals {
  triggers = {
    for pair in flatten([
      for name, process in var.processes : [for event in process.events : merge(event, { function = name })]
    ]) : "${pair.function}-${replace(split("/", pair.document)[0], "_", "-")}-${pair.type}" => pair
  }
}

resource "google_eventarc_trigger" "change" {
  for_each                = local.triggers
  project                 = var.project
  location                = var.firestore_location
  name                    = lower("oma-${each.key}")
  service_account         = var.invoker
  event_data_content_type = "application/protobuf" # creation fails without it

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.firestore.document.v1.${each.value.type}"
  }
  matching_criteria {
    attribute = "database"
    value     = var.database
  }
  matching_criteria {
    attribute = "document"
    value     = each.value.document
    operator  = "match-path-pattern"
  }
  destination {
    cloud_run_service {
      service = var.services[each.value.function]
      region  = var.region
    }
  }
}

# Events that a function refused for good.  Eventarc makes a trigger's subscription itself, so that the build ties it to this
# topic after each apply (scripts/rollout.py dead-letters); the subscription below keeps them for a look.
resource "google_pubsub_topic" "dead" {
  project = var.project
  name    = "oma-dead-events"
}

resource "google_pubsub_subscription" "dead" {
  project                    = var.project
  name                       = "oma-dead-events"
  topic                      = google_pubsub_topic.dead.id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

locals {
  pubsub = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic_iam_member" "dead" {
  project = var.project
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead" {
  for_each     = google_eventarc_trigger.change
  project      = var.project
  subscription = try(each.value.transport[0].pubsub[0].subscription, "") # mocks know none
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}
