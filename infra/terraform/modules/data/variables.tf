variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "firestore_location" {
  description = "Cannot be changed once the database exists."
  type        = string
}

variable "indexes" {
  description = "Path of firestore.indexes.json, which is generated from ohmyagent/records/indexes.py."
  type        = string
}

variable "secrets" {
  description = "Names of the platform's own secrets; their values are never in Terraform."
  type        = set(string)
}
