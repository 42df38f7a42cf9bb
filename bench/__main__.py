"""All benches, one after the other: python -m bench"""

import importlib
import pkgutil

import bench

NOT_BENCHES = {"__main__", "machine"}

for module in pkgutil.iter_modules(bench.__path__):
    if module.name not in NOT_BENCHES and not module.ispkg:
        loaded = importlib.import_module(f"bench.{module.name}")
        if hasattr(loaded, "main"):
            loaded.main()
