"""Passwords: how they are judged, hashed and checked, without a thought for who asks."""
