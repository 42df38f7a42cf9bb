# A network from which Google's own front door is the only way out: no NAT, no default route, no other name, no other address.
# The runner's traffic all goes here; the chat's goes here for the gateway, which answers internal traffic only.

locals {
  # private.googleapis.com; https://cloud.google.com/vpc/docs/configure-private-google-access
  door = "199.36.153.8/30"
  # The runner's peers are services of this project (run.app); files go by signed addresses (storage.googleapis.com).
  names = { run = "run.app.", storage = "storage.googleapis.com." }
}

resource "google_compute_network" "runs" {
  project                         = var.project
  name                            = "oma-runs"
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
}

resource "google_compute_subnetwork" "runs" {
  project                  = var.project
  name                     = "oma-runs"
  region                   = var.region
  network                  = google_compute_network.runs.id
  ip_cidr_range            = var.range
  private_ip_google_access = true
}

resource "google_compute_route" "door" {
  project          = var.project
  name             = "oma-to-google-only"
  network          = google_compute_network.runs.name
  dest_range       = local.door
  next_hop_gateway = "default-internet-gateway"
}

resource "google_compute_firewall" "door" {
  project            = var.project
  name               = "oma-allow-google"
  network            = google_compute_network.runs.name
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = [local.door]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "wall" {
  project            = var.project
  name               = "oma-deny-egress"
  network            = google_compute_network.runs.name
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_dns_managed_zone" "door" {
  for_each   = local.names
  project    = var.project
  name       = "oma-${each.key}"
  dns_name   = each.value
  visibility = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.runs.id
    }
  }
}

resource "google_dns_record_set" "door" {
  for_each     = { run = "*.run.app.", storage = "storage.googleapis.com." }
  project      = var.project
  managed_zone = google_dns_managed_zone.door[each.key].name
  name         = each.value
  type         = "A"
  ttl          = 300
  rrdatas      = ["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"]
}
