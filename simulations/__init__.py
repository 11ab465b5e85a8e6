"""Rehearsal: seeded dealers and drivers that use the real doors."""
