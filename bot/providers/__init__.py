"""One module for each wire protocol that a provider may speak, all of one shape (protocol.py)."""
