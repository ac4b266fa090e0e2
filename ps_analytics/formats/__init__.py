"""One module a file format: file → recording."""
