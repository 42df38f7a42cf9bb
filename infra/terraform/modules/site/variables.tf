variable "project" {
  type = string
}

variable "site_domain" {
  type = string
}

variable "rules" {
  description = "Path of firestore.rules."
  type        = string
}
