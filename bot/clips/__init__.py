"""What is done with a clip: shown, packed, posted, found again, removed."""
