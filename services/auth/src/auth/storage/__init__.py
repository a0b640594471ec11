"""What auth remembers, in PostgreSQL, and how it is asked."""
