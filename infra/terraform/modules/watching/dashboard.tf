locals {
  user = "logging.googleapis.com/user"
  board = [
    { title = "Runs by state", metric = "${local.user}/oma/runs_ended", reducer = "REDUCE_SUM", by = ["metric.label.status"], of = "" },
    { title = "Lateness p50 (ms)", metric = "${local.user}/oma/run_lateness", reducer = "REDUCE_PERCENTILE_50", by = [], of = "" },
    { title = "Lateness p99 (ms)", metric = "${local.user}/oma/run_lateness", reducer = "REDUCE_PERCENTILE_99", by = [], of = "" },
    { title = "Ticks", metric = "run.googleapis.com/request_count", reducer = "REDUCE_SUM", by = ["metric.label.response_code_class"], of = " AND resource.label.service_name=\"${var.tick}\"" },
    { title = "Queue age p99 (ms)", metric = "cloudtasks.googleapis.com/queue/task_attempt_delays", reducer = "REDUCE_PERCENTILE_99", by = ["resource.label.queue_id"], of = "" },
    { title = "5xx by service", metric = "run.googleapis.com/request_count", reducer = "REDUCE_SUM", by = ["resource.label.service_name"], of = " AND metric.label.response_code_class=\"5xx\"" },
    { title = "API p99 (ms)", metric = "run.googleapis.com/request_latencies", reducer = "REDUCE_PERCENTILE_99", by = ["resource.label.service_name"], of = "" },
    { title = "Mails by state", metric = "${local.user}/oma/mails_ended", reducer = "REDUCE_SUM", by = ["metric.label.state"], of = "" },
  ]
  charts = concat([
    for chart in local.board : {
      title = chart.title
      query = {
        timeSeriesFilter = {
          filter = "metric.type=\"${chart.metric}\"${chart.of}"
          aggregation = {
            alignmentPeriod    = "60s"
            perSeriesAligner   = "ALIGN_DELTA"
            crossSeriesReducer = chart.reducer
            groupByFields      = chart.by
          }
        }
      }
    }
    ], [{
      title = "Spend on models (US dollars an hour)"
      query = { prometheusQuery = "sum(increase(${local.cost}[1h])) / 1000000" }
  }])
}

resource "google_monitoring_dashboard" "platform" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = "Oh My Agent"
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, chart in local.charts : {
          xPos   = place % 3 * 4
          yPos   = floor(place / 3) * 4
          width  = 4
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType        = "LINE"
                timeSeriesQuery = chart.query
              }]
            }
          }
        }
      ]
    }
  })
  depends_on = [google_logging_metric.counter, google_logging_metric.value]
}
