variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

variable "region" {
  type = string
}

variable "scheduler_region" {
  type = string
}

variable "firestore_location" {
  description = "A trigger is where its database is."
  type        = string
}

variable "database" {
  type = string
}

variable "queues" {
  type = map(object({
    per_second = number
    at_once    = number
    attempts   = number
  }))
}

variable "enqueuers" {
  description = "Names of the accounts that may make tasks."
  type        = list(string)
}

variable "processes" {
  type = map(object({
    schedule = optional(string)
    path     = optional(string, "/")
    events   = optional(list(object({ document = string, type = string })), [])
  }))
}

variable "services" {
  type = map(string)
}

variable "urls" {
  type = map(string)
}

variable "emails" {
  type = map(string)
}

variable "invoker" {
  type = string
}
