"""What the chart asks of Prometheus, played by promtool: `make rules`."""
