"""Accounts and the machines beside them, as those who run the installation see them."""
