"""The driving side over HTTP: the only folder that knows the web framework."""
