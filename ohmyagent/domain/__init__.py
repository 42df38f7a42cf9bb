"""Records and rules.  Nothing here reads a clock, a file or the network."""
