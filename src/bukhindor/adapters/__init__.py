"""The driven side: a folder names a technology, a file the port that it fulfils."""
