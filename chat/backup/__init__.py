"""A backup: both stores in one file, and both restored from it."""
