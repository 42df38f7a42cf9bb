variable "project" {
  type = string
}

variable "region" {
  type = string
}
