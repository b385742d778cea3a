"""Running the bot: what its operator sees, stops, backs up and restores."""
