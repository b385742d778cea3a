"""Budgets when an order comes in, what managers set of them, and what is told of them."""
