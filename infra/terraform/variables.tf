variable "project" {
  type = string
}

variable "project_number" {
  description = "Part of every address on Cloud Run: gcloud projects describe PROJECT --format='value(projectNumber)'"
  type        = string
}

variable "region" {
  type    = string
  default = "asia-northeast3"
}

variable "scheduler_region" {
  description = "Where the clock is, if not in the region."
  type        = string
  default     = ""
}

variable "firestore_location" {
  description = "WARNING: can never be changed after the first apply."
  type        = string
  default     = "asia-northeast3"
}

variable "images" {
  description = "By kind (function, service, job), each with its digest."
  type        = map(string)
  validation {
    condition     = alltrue([for kind in ["function", "service", "job"] : can(regex("@sha256:[0-9a-f]{64}$", var.images[kind]))])
    error_message = "Images are named by digest, NAME@sha256:…, so that what was tested is what runs."
  }
}

variable "sizes" {
  description = "What differs here from deployables.yaml, by name: min, max, concurrency, cpu, memory, timeout."
  type        = map(map(string))
  default     = {}
}

variable "secret_versions" {
  description = "By name of the secret, the pinned version.  A secret without one is not mounted."
  type        = map(string)
  default     = {}
}

variable "settings" {
  description = "More environment, such as ADMIN_EMAILS, MAIL_FROM, GOOGLE_CLIENT_ID; no secrets."
  type        = map(string)
  default     = {}
}

variable "site_domain" {
  description = "Empty: PROJECT.web.app"
  type        = string
  default     = ""
}

variable "stream_domain" {
  description = "Empty: Cloud Run's own address"
  type        = string
  default     = ""
}

variable "github_repository" {
  description = "owner/name that may deploy; empty: none"
  type        = string
  default     = ""
}

variable "github_ref" {
  type    = string
  default = "refs/heads/main"
}

variable "alert_emails" {
  type    = set(string)
  default = []
}

variable "billing_account" {
  type    = string
  default = ""
}

variable "budget_usd" {
  type    = number
  default = 20
}

variable "hourly_spend_usd" {
  description = "What all runs together may cost in an hour before somebody is told."
  type        = number
  default     = 5
}

variable "documentation" {
  description = "Where this repository can be read, for links from alerts."
  type        = string
  default     = "https://github.com/example/oh-my-agent/blob/main"
}

variable "shield" {
  description = "Load balancer and Cloud Armor before everything public, about $24 a month.  Needs both domains."
  type        = bool
  default     = false
  validation {
    condition     = !var.shield || (var.site_domain != "" && var.stream_domain != "")
    error_message = "What a load balancer stands before needs names of its own: set site_domain and stream_domain."
  }
}
