variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "services" {
  description = "The public services, by name of the process."
  type        = map(string)
}

variable "stream" {
  description = "The process that has the stream's domain to itself."
  type        = string
}

variable "paths" {
  description = "By process, the paths of the site that lead to it; the rest is the page."
  type        = map(list(string))
}

variable "site_domain" {
  type = string
}

variable "stream_domain" {
  type = string
}
