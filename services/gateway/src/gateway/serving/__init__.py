"""Listening: the HTTP server, embedded in the life of the service."""
