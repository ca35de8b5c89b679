"""Letters in words, and their delivery by SMTP."""
