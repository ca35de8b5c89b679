"""What one process keeps to itself and loses when it ends."""
