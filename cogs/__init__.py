"""The Discord side of Dailies; the only folder that imports discord."""
