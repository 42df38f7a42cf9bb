# The defaults of variables.tf are production's.  What `oma deploy gcp` asks is written to prod.tfvars.json beside this.

github_ref       = "refs/heads/main"
budget_usd       = 20
hourly_spend_usd = 5
