"""What operators see of the running service, in the form that Prometheus reads."""
