"""Measurements: `make bench`. Each prints one line; numbers are for the machine it runs on."""
