"""The composition root: settings in, services and web application out. The only folder that knows every class."""
