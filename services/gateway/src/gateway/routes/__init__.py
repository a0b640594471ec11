"""The gateway's own JSON routes."""
