"""Numbers as they stand in what a person's client sends: ids of Discord's, and micros."""

COUNTED = "(?:[0-9]{1,18}|[1-8][0-9]{18})"
"""A pattern of those that SQLite can keep: it counts to 2^63, and Discord's ids reach 9·10^18 in 2083."""
