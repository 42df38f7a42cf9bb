variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "service" {
  type = string
}

variable "domain" {
  type = string
}
