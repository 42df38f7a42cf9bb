# Until 2026-11 all of it was inside one module: what such a state has is kept and only renamed.

moved {
  from = module.platform.module.project
  to   = module.project
}

moved {
  from = module.platform.module.data
  to   = module.data
}

moved {
  from = module.platform.module.identity
  to   = module.identity
}

moved {
  from = module.platform.module.network
  to   = module.network
}

moved {
  from = module.platform.module.run
  to   = module.run
}

moved {
  from = module.platform.module.work
  to   = module.work
}

moved {
  from = module.platform.module.site
  to   = module.site
}

moved {
  from = module.platform.module.watching
  to   = module.watching
}

moved {
  from = module.platform.module.shield
  to   = module.shield
}
