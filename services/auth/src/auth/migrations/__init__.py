"""How the schema came to be, step by step; every step is safe while the release before it runs."""
