variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "range" {
  description = "One address for each run at once, and as many again while they change over."
  type        = string
  default     = "10.20.0.0/20"
}
