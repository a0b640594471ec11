"""What the gateway says and takes in JSON, strict and closed."""
