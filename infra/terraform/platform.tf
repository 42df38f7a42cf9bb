# The whole platform of one project.  What runs, and how big, is in deployables.yaml; what differs by environment, in environments/.

locals {
  root        = "${path.module}/../.."
  deployables = yamldecode(file("${path.module}/deployables.yaml"))
  processes = merge(
    { for name, process in local.deployables.functions : name => merge(local.deployables.defaults, { kind = "function" }, process, lookup(var.sizes, name, {})) },
    { for name, process in local.deployables.services : name => merge(local.deployables.defaults, { kind = "service" }, process, lookup(var.sizes, name, {})) },
  )
  accounts = local.deployables.accounts
  secrets  = { for name, account in local.accounts : name => try(account.secrets, []) }
  given    = [for secret in distinct(flatten(values(local.secrets))) : secret if contains(keys(var.secret_versions), secret)]
  public   = [for name, process in local.processes : name if process.class == "public"]
  streams  = [for name, process in local.processes : name if try(process.streams, false)]
  # firebase.json says which path leads to which service, the first that fits; Hosting's `{,/**}` are two paths of a load balancer
  led = flatten([for rule in jsondecode(file("${local.root}/firebase.json")).hosting.rewrites : [
    for ending in endswith(rule.source, "{,/**}") ? ["", "/*"] : [endswith(rule.source, "/**") ? "/*" : ""] :
    { path = "${trimsuffix(trimsuffix(rule.source, "{,/**}"), "/**")}${ending}", service = rule.run.serviceId }
  ] if can(rule.run)])
  first = { for one in local.led : one.path => one.service... }
  paths = { for name in distinct([for one in local.led : one.service]) : name => sort([for path, names in local.first : path if names[0] == name]) }
  tick  = one([for name, process in local.processes : name if can(process.schedule)])
  site  = var.site_domain == "" ? "${var.project}.web.app" : var.site_domain
  stream = (
    var.stream_domain == "" ? "https://${try(local.streams[0], "chat")}-${var.project_number}.${var.region}.run.app" : "https://${var.stream_domain}"
  )
}

module "project" {
  source  = "./modules/project"
  project = var.project
  region  = var.region
}

module "data" {
  source             = "./modules/data"
  project            = var.project
  region             = var.region
  firestore_location = var.firestore_location
  indexes            = "${local.root}/firestore.indexes.json"
  secrets            = toset(flatten(values(local.secrets)))
  depends_on         = [module.project]
}

module "identity" {
  source            = "./modules/identity"
  project           = var.project
  accounts          = local.accounts
  bucket            = module.data.bucket
  builds            = module.data.builds
  key               = module.data.key
  secrets           = module.data.secrets
  github_repository = var.github_repository
  github_ref        = var.github_ref
}

module "network" {
  source     = "./modules/network"
  project    = var.project
  region     = var.region
  depends_on = [module.project]
}

module "run" {
  source          = "./modules/run"
  project         = var.project
  project_number  = var.project_number
  region          = var.region
  processes       = local.processes
  job             = local.deployables.job
  images          = var.images
  emails          = module.identity.emails
  invoker         = module.identity.invoker
  secrets         = { for name, secrets in local.secrets : name => [for secret in secrets : secret if contains(local.given, secret)] }
  secret_versions = var.secret_versions
  network         = module.network.network
  subnetwork      = module.network.subnetwork
  stream_domain   = var.shield ? "" : var.stream_domain
  shielded        = var.shield
  environment = merge({
    OMA_TARGET           = "gcp"
    GOOGLE_CLOUD_PROJECT = var.project
    OMA_REGION           = var.region
    OMA_SERVICES         = "https://{name}-${var.project_number}.${var.region}.run.app"
    OMA_PUBLIC_URL       = "https://${local.site}"
    OMA_STREAM_URL       = local.stream
    OMA_BUCKET           = module.data.bucket
    OMA_KMS_KEY          = module.data.key
    OMA_INVOKER          = module.identity.invoker
    OMA_JOB              = local.deployables.job.name
    OMA_TICK             = coalesce(local.tick, "tick")
    },
    # who comes by the load balancer is whom it heard from; without one the program knows Hosting's front ends
    var.shield ? { OMA_PROXY_NETWORKS = module.shield[0].address } : {},
  var.settings)
}

module "work" {
  source             = "./modules/work"
  project            = var.project
  project_number     = var.project_number
  region             = var.region
  scheduler_region   = var.scheduler_region == "" ? var.region : var.scheduler_region
  firestore_location = var.firestore_location
  database           = module.data.database
  queues             = local.deployables.queues
  enqueuers          = [for name, account in local.accounts : name if try(account.queue, false)]
  processes          = local.processes
  services           = module.run.services
  urls               = module.run.urls
  emails             = module.identity.emails
  invoker            = module.identity.invoker
}

module "site" {
  source      = "./modules/site"
  project     = var.project
  site_domain = var.shield ? "" : var.site_domain
  rules       = "${local.root}/firestore.rules"
  depends_on  = [module.project, module.data]
}

module "watching" {
  source           = "./modules/watching"
  project          = var.project
  project_number   = var.project_number
  public           = local.public
  streams          = local.streams
  tick             = coalesce(local.tick, "tick")
  host             = local.site
  alert_emails     = var.alert_emails
  billing_account  = var.billing_account
  budget_usd       = var.budget_usd
  hourly_spend_usd = var.hourly_spend_usd
  documentation    = var.documentation
  depends_on       = [module.project]
}

module "shield" {
  count         = var.shield ? 1 : 0
  source        = "./modules/shield"
  project       = var.project
  region        = var.region
  services      = { for name in local.public : name => module.run.services[name] }
  stream        = one(local.streams)
  paths         = local.paths
  site_domain   = var.site_domain
  stream_domain = var.stream_domain
}
