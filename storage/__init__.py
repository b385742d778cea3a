"""Everything that is kept, and the only folder with SQL."""
