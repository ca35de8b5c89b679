"""What surrounds every request: identity, client address, CORS, headers, log line, last resort."""
