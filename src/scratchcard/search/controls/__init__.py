"""Controls: what a ticket must beat to be more than luck."""
