# Each alert has a page in docs/incidents/ of its name.

locals {
  thresholds = {
    failed-runs = {
      title     = "Runs fail through our fault"
      filter    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.counter["runs_ended"].name}\" AND ${local.revision} AND metric.labels.error=monitoring.regex.full_match(\"lost|sandbox|upstream\")"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      period    = "900s"
      duration  = "0s"
      threshold = 5
    }
    faults = {
      title     = "The error budget burns ten times too fast"
      filter    = "select_slo_burn_rate(\"${google_monitoring_slo.answers.name}\", \"3600s\")"
      aligner   = null
      reducer   = null
      period    = null
      duration  = "0s"
      threshold = 10
    }
    latency = {
      title     = "One request in a hundred takes more than 2 seconds"
      filter    = "metric.type=\"run.googleapis.com/request_latencies\" AND ${local.revision} AND (${local.prompt})"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_PERCENTILE_99"
      period    = "300s"
      duration  = "900s"
      threshold = 2000
    }
    queue-age = {
      title     = "Tasks wait for more than a minute"
      filter    = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\" AND resource.type=\"cloud_tasks_queue\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_PERCENTILE_99"
      period    = "300s"
      duration  = "600s"
      threshold = 60000
    }
  }
  # Streams are long by nature and would hide everything else.
  prompt   = join(" OR ", [for name in var.public : "resource.labels.service_name=\"${name}\"" if !contains(var.streams, name)])
  cost     = "logging_googleapis_com:user_oma_run_cost_sum{monitored_resource=\"cloud_run_revision\"}"
  channels = [for channel in google_monitoring_notification_channel.mail : channel.id]
  pages    = "${var.documentation}/docs/incidents"
}

resource "google_monitoring_alert_policy" "tick_age" {
  project               = var.project
  display_name          = "tick-age: the clock has not ticked for five minutes"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no successful tick"
    condition_absent {
      filter   = "metric.type=\"run.googleapis.com/request_count\" AND ${local.revision} AND resource.labels.service_name=\"${var.tick}\" AND metric.labels.response_code_class=\"2xx\""
      duration = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content   = "${local.pages}/tick-age.md"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each              = local.thresholds
  project               = var.project
  display_name          = "${each.key}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration
      dynamic "aggregations" {
        for_each = each.value.aligner == null ? [] : [1]
        content {
          alignment_period     = each.value.period
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
        }
      }
    }
  }
  documentation {
    content   = "${local.pages}/${each.key}.md"
    mime_type = "text/markdown"
  }
}

# The sum of a distribution: PromQL has it, the older language has not.
resource "google_monitoring_alert_policy" "spend" {
  project               = var.project
  display_name          = "spend: runs cost more in an hour than is planned"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "more than ${var.hourly_spend_usd} US dollars in an hour"
    condition_prometheus_query_language {
      query                     = "sum(increase(${local.cost}[1h])) > ${var.hourly_spend_usd * 1000000}"
      duration                  = "0s"
      evaluation_interval       = "300s"
      disable_metric_validation = true # there is no such metric before the first run ends
    }
  }
  documentation {
    content   = "${local.pages}/spend.md"
    mime_type = "text/markdown"
  }
}
