"""A job's way from its row to a clip on our disk."""
