variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

variable "region" {
  type = string
}

variable "processes" {
  description = "Functions and services, with what each needs; see deployables.yaml."
  type = map(object({
    kind        = string
    class       = string
    account     = string
    signature   = optional(string, "http")
    streams     = optional(bool, false)
    affinity    = optional(bool, false)
    vpc         = optional(bool, false)
    min         = number
    max         = number
    concurrency = number
    cpu         = string
    memory      = string
    timeout     = number
  }))
  validation {
    condition     = alltrue([for process in var.processes : contains(["public", "oidc", "token"], process.class)])
    error_message = "A process is of class public, oidc or token."
  }
}

variable "job" {
  type = object({
    name    = string
    cpu     = string
    memory  = string
    timeout = number
  })
}

variable "images" {
  description = "By kind: function, service, job; each by digest in production."
  type        = map(string)
}

variable "environment" {
  type = map(string)
}

variable "emails" {
  type = map(string)
}

variable "invoker" {
  description = "The account that may call the processes of class oidc."
  type        = string
}

variable "secrets" {
  description = "By account, the names of the secrets that it reads."
  type        = map(list(string))
}

variable "secret_versions" {
  description = "The pinned version of each secret: rotation is a change that can be seen and undone."
  type        = map(string)
}

variable "network" {
  type = string
}

variable "subnetwork" {
  type = string
}

variable "stream_domain" {
  type = string
}

variable "shielded" {
  description = "Whether a load balancer stands before what is public; then nothing public is reached around it."
  type        = bool
}
