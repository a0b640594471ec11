"""What surrounds every call, outermost first: telemetry, errors, deadline, identity."""
