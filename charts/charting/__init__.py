"""What makes and checks the chart; no part of what is installed."""
