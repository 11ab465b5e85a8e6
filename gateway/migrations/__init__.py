"""The schema's history, one revision a file, for both stores. `gateway.schema` runs it."""
