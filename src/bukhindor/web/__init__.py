"""The HTTP side: the only folder that knows the web framework."""
