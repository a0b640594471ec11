"""The routes file: requests carried to the team's own services, and their answers back."""

from gateway.proxy.app import ProxyApp
from gateway.proxy.assembly import Proxied, open_proxy
from gateway.proxy.route import Route
from gateway.proxy.table import LiveRoutes, RouteTable

__all__ = ["LiveRoutes", "Proxied", "ProxyApp", "Route", "RouteTable", "open_proxy"]
