"""What tests and measurements of triage stand on; nothing here runs in the service."""
