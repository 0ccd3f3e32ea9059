"""The dashboards for Grafana as tables of queries; `python -m compose.dashboards` writes them as Grafana reads them."""
