"""Terminal protocols: bytes or JSON in, fixes out, without I/O."""
