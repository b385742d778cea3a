"""Commands of the shell that have a module of their own."""
