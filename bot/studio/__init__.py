"""The studio: Dailies' own free renderer, a local server of the `openai` video protocol."""
