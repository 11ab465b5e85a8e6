"""The live feed: snapshot, sequence, resume."""
