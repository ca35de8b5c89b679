"""FastAPI Users, set up the way its documentation shows; runs in an environment of its own."""
