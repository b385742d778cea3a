"""Models and their offers: read, compared, chosen, and how well each is doing."""
