variable "project" {
  type = string
}

variable "accounts" {
  description = "The accounts of deployables.yaml."
  type = map(object({
    roles    = optional(list(string), [])
    queue    = optional(bool, false)
    files    = optional(bool, false)
    launches = optional(bool, false)
    switches = optional(bool, false)
    vault    = optional(string)
    secrets  = optional(list(string), [])
  }))
}

variable "bucket" {
  type = string
}

variable "builds" {
  description = "The bucket of sources to build."
  type        = string
}

variable "key" {
  description = "The KMS key that wraps the keys of users' secrets."
  type        = string
}

variable "secrets" {
  type = map(string)
}

variable "github_repository" {
  description = "owner/name, or empty for no deployment from GitHub."
  type        = string
}

variable "github_ref" {
  type = string
}
