"""The gateway's decision about requests another proxy carries: forward-auth, and ext_authz over gRPC."""

from gateway.authz.decider import Decider
from gateway.authz.forward_auth import PATH, ForwardAuth
from gateway.authz.servicer import serve_ext_authz

__all__ = ["PATH", "Decider", "ForwardAuth", "serve_ext_authz"]
