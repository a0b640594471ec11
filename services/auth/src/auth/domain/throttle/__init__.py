"""How often a password may be tried, so that guessing is slow and the owner is not locked out."""
