"""The archive: every message for good. It decides nothing about messages."""
