"""What `make` installs on a fresh machine: one module per thing.  Standard library only, as nothing is there yet."""
