"""The parts of the gateway bench: an upstream and a load generator fast enough not to be what is measured."""
