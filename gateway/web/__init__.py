"""The first page: a plain live map and case board, served from the package's own files."""
