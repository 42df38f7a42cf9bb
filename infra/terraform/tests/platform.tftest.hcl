# The whole platform on schema-only providers; what it says is also read by tests/infra.

mock_provider "google" {
  override_during = plan

  mock_resource "google_service_account" {
    defaults = {
      name = "projects/example-project/serviceAccounts/someone@example-project.iam.gserviceaccount.com"
    }
  }
}

mock_provider "google-beta" {
  override_during = plan
}

variables {
  project           = "example-project"
  project_number    = "1234567890"
  github_repository = "example/oh-my-agent"
  alert_emails      = ["operator@example.com"]
  billing_account   = "000000-000000-000000"
  site_domain       = "agents.example.com"
  stream_domain     = "stream.example.com"
  secret_versions   = { ANTHROPIC_API_KEY = "1", SMTP_URL = "1", OMA_LINK_KEY = "1" }
  settings          = { ADMIN_EMAILS = "operator@example.com" }
  images = {
    function = "asia-northeast3-docker.pkg.dev/example-project/oh-my-agent/functions@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    service  = "asia-northeast3-docker.pkg.dev/example-project/oh-my-agent/services@sha256:0000000000000000000000000000000000000000000000000000000000000002"
    job      = "asia-northeast3-docker.pkg.dev/example-project/oh-my-agent/agent-runner@sha256:0000000000000000000000000000000000000000000000000000000000000003"
  }
}

run "everything" {
  command = plan

  assert {
    condition     = output.site == "https://agents.example.com"
    error_message = "The site is at its own domain."
  }
  assert {
    condition     = output.stream == "https://stream.example.com"
    error_message = "The stream is at its own domain."
  }
  assert {
    condition     = length(output.alerts) <= 6
    error_message = "Alerts are charged by condition."
  }
  assert {
    condition     = output.federation != null
    error_message = "GitHub deploys by federation."
  }
  assert {
    condition     = length(output.dns.shield) == 0
    error_message = "The load balancer is off by default."
  }
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    images = { function = "functions:latest", service = "services:latest", job = "agent-runner:latest" }
  }
  expect_failures = [var.images]
}

run "without_domains_federation_and_budget" {
  command = plan

  variables {
    github_repository = ""
    billing_account   = ""
    site_domain       = ""
    stream_domain     = ""
  }

  assert {
    condition     = output.site == "https://example-project.web.app"
    error_message = "The site is at Firebase's address."
  }
  assert {
    condition     = startswith(output.stream, "https://chat-1234567890.asia-northeast3.run.app")
    error_message = "The stream is at Cloud Run's address."
  }
}

run "with_the_shield" {
  command = plan

  variables {
    shield = true
  }

  assert {
    condition     = length(output.dns.shield) == 1 && length(output.dns.site) == 0 && length(output.dns.stream) == 0
    error_message = "Both domains point at the load balancer, and at nothing else."
  }
  assert {
    condition     = length(output.reachable) == 0
    error_message = "Nothing public is reached around the load balancer."
  }
}

run "a_shield_without_domains_is_refused" {
  command = plan

  variables {
    shield      = true
    site_domain = ""
  }
  expect_failures = [var.shield]
}
