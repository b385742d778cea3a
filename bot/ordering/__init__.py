"""From what a member types to an order with its price."""
