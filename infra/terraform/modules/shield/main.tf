# Optional, off by default: a load balancer with Cloud Armor before everything public, ten requests a second for each address.
# About $24 a month.  The application has the same limit of its own, so that this is for floods, not for manners.
#
# The services take requests from nowhere else then (see `shielded` in ../run), so what Firebase Hosting led to the functions is led
# there here, by the same paths; only the page's own files still come from Hosting.

locals {
  hosting = "${var.project}.web.app"
}

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

resource "google_compute_region_network_endpoint_group" "process" {
  for_each              = var.services
  project               = var.project
  region                = var.region
  name                  = "oma-${each.key}"
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = each.value
  }
}

resource "google_compute_backend_service" "process" {
  for_each              = var.services
  project               = var.project
  name                  = "oma-${each.key}"
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.limit.id

  backend {
    group = google_compute_region_network_endpoint_group.process[each.key].id
  }
}

# The page's files, which are Hosting's own and from its caches: two of them and the document, so that no limit is needed here.
resource "google_compute_global_network_endpoint_group" "page" {
  project               = var.project
  name                  = "oma-page"
  network_endpoint_type = "INTERNET_FQDN_PORT"
  default_port          = 443
}

resource "google_compute_global_network_endpoint" "page" {
  project                       = var.project
  global_network_endpoint_group = google_compute_global_network_endpoint_group.page.name
  fqdn                          = local.hosting
  port                          = 443
}

resource "google_compute_backend_service" "page" {
  project                = var.project
  name                   = "oma-page"
  protocol               = "HTTPS"
  load_balancing_scheme  = "EXTERNAL_MANAGED"
  custom_request_headers = ["Host: ${local.hosting}"]

  backend {
    group = google_compute_global_network_endpoint_group.page.id
  }
  depends_on = [google_compute_global_network_endpoint.page]
}

resource "google_compute_url_map" "front" {
  project         = var.project
  name            = "oma-front"
  default_service = google_compute_backend_service.page.id

  host_rule {
    hosts        = [var.stream_domain]
    path_matcher = "stream"
  }
  host_rule {
    hosts        = [var.site_domain]
    path_matcher = "site"
  }

  path_matcher {
    name            = "stream"
    default_service = google_compute_backend_service.process[var.stream].id
  }
  path_matcher {
    name            = "site"
    default_service = google_compute_backend_service.page.id

    dynamic "path_rule" {
      for_each = var.paths
      content {
        paths   = path_rule.value
        service = google_compute_backend_service.process[path_rule.key].id
      }
    }
  }
}

resource "google_compute_url_map" "plain" {
  project = var.project
  name    = "oma-plain"
  default_url_redirect {
    https_redirect = true
    strip_query    = false
  }
}

resource "google_compute_managed_ssl_certificate" "front" {
  project = var.project
  name    = "oma-front"
  managed {
    domains = [var.site_domain, var.stream_domain]
  }
}

resource "google_compute_target_https_proxy" "front" {
  project          = var.project
  name             = "oma-front"
  url_map          = google_compute_url_map.front.id
  ssl_certificates = [google_compute_managed_ssl_certificate.front.id]
}

resource "google_compute_target_http_proxy" "plain" {
  project = var.project
  name    = "oma-plain"
  url_map = google_compute_url_map.plain.id
}

resource "google_compute_global_address" "front" {
  project = var.project
  name    = "oma-front"
}

resource "google_compute_global_forwarding_rule" "front" {
  for_each = {
    front = { port = "443", target = google_compute_target_https_proxy.front.id }
    plain = { port = "80", target = google_compute_target_http_proxy.plain.id }
  }
  project               = var.project
  name                  = "oma-${each.key}"
  target                = each.value.target
  ip_address            = google_compute_global_address.front.address
  port_range            = each.value.port
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
