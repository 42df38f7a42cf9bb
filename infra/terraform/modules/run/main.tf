# The three kinds of process on Cloud Run (functions, services, the job), from one map.

locals {
  anyone  = { for name, process in var.processes : name => process if contains(["public", "token"], process.class) }
  invoked = { for name, process in var.processes : name => process if process.class == "oidc" }
  # Cloud Run's own address of a service is known before there is one, so that services can name each other.
  urls    = { for name in keys(var.processes) : name => "https://${name}-${var.project_number}.${var.region}.run.app" }
  ingress = { public = var.shielded ? "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" : "INGRESS_TRAFFIC_ALL", oidc = "INGRESS_TRAFFIC_INTERNAL_ONLY", token = "INGRESS_TRAFFIC_INTERNAL_ONLY" }
}

resource "google_cloud_run_v2_service" "process" {
  for_each            = var.processes
  project             = var.project
  location            = var.region
  name                = each.key
  ingress             = local.ingress[each.value.class]
  deletion_protection = false
  labels              = { class = each.value.class, kind = each.value.kind }

  template {
    service_account                  = var.emails[each.value.account]
    timeout                          = "${each.value.timeout}s"
    max_instance_request_concurrency = each.value.concurrency
    session_affinity                 = each.value.affinity
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = each.value.min
      max_instance_count = each.value.max
    }

    containers {
      image = var.images[each.value.kind]
      args  = each.value.kind == "service" ? [each.key] : null

      ports {
        container_port = 8080
      }
      resources {
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }
      dynamic "env" {
        for_each = merge(
          var.environment,
          each.value.kind == "function" ? {
            FUNCTION_TARGET         = each.key
            FUNCTION_SIGNATURE_TYPE = each.value.signature
            THREADS                 = tostring(max(4, each.value.concurrency))
          } : {},
        )
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = toset(var.secrets[each.value.account])
        content {
          name = env.value
          value_source {
            secret_key_ref {
              secret  = env.value
              version = var.secret_versions[env.value]
            }
          }
        }
      }
      # Only that the port is open: /health is 503 while the tick is paused, and that must not keep anything from starting.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 30
        tcp_socket {
          port = 8080
        }
      }
    }

    dynamic "vpc_access" {
      for_each = each.value.vpc ? [1] : []
      content {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }
    }
  }

  # scripts/rollout.py moves traffic, from 5 % to all or back; Terraform must not move it again.
  lifecycle {
    ignore_changes = [traffic, client, client_version]
  }
}

resource "google_cloud_run_v2_service_iam_member" "anyone" {
  for_each = local.anyone
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.process[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.invoked
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.process[each.key].name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.invoker}"
}

resource "google_cloud_run_v2_job" "runner" {
  project             = var.project
  location            = var.region
  name                = var.job.name
  deletion_protection = false

  template {
    task_count = 1

    template {
      service_account       = var.emails[var.job.name]
      timeout               = "${var.job.timeout}s"
      max_retries           = 0 # a paid model call is never repeated silently; retries are the platform's own
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.images["job"]
        resources {
          limits = { cpu = var.job.cpu, memory = var.job.memory }
        }
        env {
          name  = "OMA_RUNNER_URL"
          value = local.urls["runner"]
        }
      }
      vpc_access {
        egress = "ALL_TRAFFIC"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }
}

# The stream's own name: WebSockets and event streams do not pass through Firebase Hosting.
resource "google_cloud_run_domain_mapping" "stream" {
  for_each = var.stream_domain == "" ? {} : { for name, process in var.processes : name => process if process.streams }
  project  = var.project
  location = var.region
  name     = var.stream_domain

  metadata {
    namespace = var.project
  }
  spec {
    route_name = google_cloud_run_v2_service.process[each.key].name
  }
}
