"""The HTML pages: the route table of pages, their templates, and one file for each."""
