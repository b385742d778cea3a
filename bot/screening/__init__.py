"""What looks at prompts, pictures and clips before money is held and before anybody sees them."""
