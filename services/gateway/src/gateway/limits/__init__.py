"""How much a caller may do, told in one notation and decided for all replicas together."""
