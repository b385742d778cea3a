"""Dailies without Discord: what can be ordered, what it costs, and how a job gets to its end."""
