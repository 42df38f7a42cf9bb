# What tells that something is wrong.  Alerts are charged by condition: six policies of one condition each, no more.

locals {
  revision = "resource.type=\"cloud_run_revision\""
  public   = join(" OR ", [for name in var.public : "resource.labels.service_name=\"${name}\""])
  telling  = join(" OR ", [for path in local.tokens : "httpRequest.requestUrl:\"${path}\""])
  tokens   = ["/api/auth/validate/", "/ws/", "/api/beta/decisions/", "/api/mail/unsubscribe/"]
  counters = {
    runs_ended  = { phrase = "run ended", labels = { status = "status", error = "error" } }
    mails_ended = { phrase = "mail", labels = { state = "state" } }
  }
  values = {
    run_cost     = { phrase = "run ended", field = "cost_micro_usd", unit = "1" }
    run_lateness = { phrase = "launched", field = "late_ms", unit = "ms" }
  }
}

# The addresses of these routes hold a session token (the original routes, and kept) or a link that acts.
resource "google_logging_project_exclusion" "validate" {
  project     = var.project
  name        = "oma-session-tokens"
  description = "Request logs of routes with a token in their address would keep the token."
  filter      = "${local.revision} AND log_id(\"run.googleapis.com/requests\") AND (${local.telling})"
}

resource "google_logging_metric" "counter" {
  for_each         = local.counters
  project          = var.project
  name             = "oma/${each.key}"
  filter           = "${local.revision} AND jsonPayload.message=\"${each.value.phrase}\""
  label_extractors = { for label, field in each.value.labels : label => "EXTRACT(jsonPayload.${field})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}

resource "google_logging_metric" "value" {
  for_each        = local.values
  project         = var.project
  name            = "oma/${each.key}"
  filter          = "${local.revision} AND jsonPayload.message=\"${each.value.phrase}\" AND jsonPayload.${each.value.field}>=0"
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40
      growth_factor      = 2
      scale              = 0.1
    }
  }
}

resource "google_monitoring_notification_channel" "mail" {
  for_each     = var.alert_emails
  project      = var.project
  type         = "email"
  display_name = "Operators"
  labels       = { email_address = each.key }
}

resource "google_monitoring_uptime_check_config" "site" {
  project      = var.project
  display_name = "The site and its store"
  timeout      = "10s"
  period       = "300s"

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.host }
  }
}

resource "google_monitoring_custom_service" "api" {
  project      = var.project
  service_id   = "oma-api"
  display_name = "What people use"
}

resource "google_monitoring_slo" "answers" {
  project             = var.project
  service             = google_monitoring_custom_service.api.service_id
  slo_id              = "answers"
  display_name        = "99.9 % of requests are answered without a fault of ours"
  goal                = 0.999
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      total_service_filter = "metric.type=\"run.googleapis.com/request_count\" AND ${local.revision} AND (${local.public})"
      bad_service_filter   = "metric.type=\"run.googleapis.com/request_count\" AND ${local.revision} AND (${local.public}) AND metric.labels.response_code_class=\"5xx\""
    }
  }
}

resource "google_billing_budget" "month" {
  for_each        = toset(compact([var.billing_account]))
  billing_account = each.key
  display_name    = "Oh My Agent: ${var.project}"

  budget_filter {
    projects = ["projects/${var.project_number}"]
  }
  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(var.budget_usd)
    }
  }
  # A budget tells; it does not stop anything.  What a model call may cost is held by the gateway.
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]
  }
}
