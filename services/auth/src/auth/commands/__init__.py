"""What an operator may ask of auth besides serving, one command a module."""
