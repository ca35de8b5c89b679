"""State that several processes share through a Redis or Valkey server."""
