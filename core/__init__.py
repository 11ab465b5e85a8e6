"""What every room stands on: geography and datum, clock, database, event log and bus, errors, settings."""
