"""What formats are called and what they can hold: tables, and look-ups in them."""
