# What differs on the way to production: smaller, from another branch, and sooner heard of when it costs.

sizes            = { agents = { max = "2" }, gateway = { max = "2" } }
github_ref       = "refs/heads/staging"
budget_usd       = 5
hourly_spend_usd = 1
