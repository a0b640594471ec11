"""What channels and servers must agree on; a mismatch ends in GOAWAY too_many_pings, or in silence."""

from typing import Final

_PING_EVERY_MS: Final = 20_000
_PING_TIMEOUT_MS: Final = 5_000
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024

CALLABLE: Final = "callable"
"""Health's name for: was ready once, and has not closed. Channels look at it; probes ask for readiness."""

Options = list[tuple[str, str | int]]

CHANNEL: Final[Options] = [
    ("grpc.keepalive_time_ms", _PING_EVERY_MS),
    ("grpc.keepalive_timeout_ms", _PING_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    # A replica that is back is wanted back: the next one may be about to go.
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.lb_policy_name", "round_robin"),
    # Resolve again soon after a connection ends, so that new replicas get traffic.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    ("grpc.enable_http_proxy", 0),
]

SERVER: Final[Options] = [
    ("grpc.keepalive_time_ms", _PING_EVERY_MS),
    ("grpc.keepalive_timeout_ms", _PING_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", _PING_EVERY_MS // 2),
    ("grpc.http2.max_ping_strikes", 0),
    # Connections end after a while, so that clients look the name up again and spread out.
    ("grpc.max_connection_age_ms", 60_000),
    ("grpc.max_connection_age_grace_ms", 3_600_000),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.so_reuseport", 0),
]
