# Optional, off by default: a load balancer with Cloud Armor before the stream, ten requests a second for each address.
# About $24 a month.  The application has the same limit of its own, so that this is for floods, not for manners.

resource "google_compute_security_policy" "limit" {
  project = var.project
  name    = "oma-limit"

  rule {
    description = "ten requests a second from one address"
    action      = "throttle"
    priority    = 1000
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = 100
        interval_sec = 10
      }
    }
  }
  rule {
    description = "everything else"
    action      = "allow"
    priority    = 2147483647
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_region_network_endpoint_group" "stream" {
  project               = var.project
  region                = var.region
  name                  = "oma-stream"
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = var.service
  }
}

resource "google_compute_backend_service" "stream" {
  project               = var.project
  name                  = "oma-stream"
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.limit.id

  backend {
    group = google_compute_region_network_endpoint_group.stream.id
  }
}

resource "google_compute_url_map" "stream" {
  project         = var.project
  name            = "oma-stream"
  default_service = google_compute_backend_service.stream.id
}

resource "google_compute_managed_ssl_certificate" "stream" {
  project = var.project
  name    = "oma-stream"
  managed {
    domains = [var.domain]
  }
}

resource "google_compute_target_https_proxy" "stream" {
  project          = var.project
  name             = "oma-stream"
  url_map          = google_compute_url_map.stream.id
  ssl_certificates = [google_compute_managed_ssl_certificate.stream.id]
}

resource "google_compute_global_address" "stream" {
  project = var.project
  name    = "oma-stream"
}

resource "google_compute_global_forwarding_rule" "stream" {
  project               = var.project
  name                  = "oma-stream"
  target                = google_compute_target_https_proxy.stream.id
  ip_address            = google_compute_global_address.stream.address
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
