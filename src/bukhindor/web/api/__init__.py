"""The JSON API: the route table, and one file for each noun with its shapes."""
