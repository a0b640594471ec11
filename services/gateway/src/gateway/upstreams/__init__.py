"""The services behind the gateway, as plain calls; the only place that sees their wire format."""
