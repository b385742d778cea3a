"""What may be wrong with an installation, a module for each subject; `rounds.py` goes through them all."""
