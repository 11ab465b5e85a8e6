"""Every door: HTTP and WebSocket API, sign-in, live feed, pages, command line."""
