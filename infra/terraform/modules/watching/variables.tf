variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

variable "public" {
  description = "Services that people use."
  type        = list(string)
}

variable "streams" {
  description = "Those of them whose answers last."
  type        = list(string)
}

variable "tick" {
  type = string
}

variable "host" {
  description = "Of the site."
  type        = string
}

variable "alert_emails" {
  type = set(string)
}

variable "billing_account" {
  description = "Empty: no budget, for whoever may not see the billing account."
  type        = string
}

variable "budget_usd" {
  type = number
}

variable "hourly_spend_usd" {
  type = number
}

variable "documentation" {
  type = string
}
