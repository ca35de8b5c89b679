"""Letters in words, and their way out by SMTP."""
