"""AuditService on the wire."""

from typing import Any

from auth.callers import admin
from auth.domain.audit.chain import Link
from auth.storage.audit import Audit
from auth.wire import cursor, moment, page_size, page_token
from chassis.errors import Invalid
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_MOST_DIGITS = 18


class AuditServicer(rpc.AuditServiceServicer):
    def __init__(self, *, trail: Audit) -> None:
        self._trail = trail

    async def ListAuditEvents(
        self, request: pb.ListAuditEventsRequest, context: Any
    ) -> pb.ListAuditEventsResponse:
        admin()
        size = page_size(request.page_size)
        links = await self._trail.latest(before=_before(request.page_token), limit=size + 1)
        more = str(links[size - 1].sequence) if len(links) > size else ""
        return pb.ListAuditEventsResponse(
            events=[_event(link) for link in links[:size]], next_page_token=page_token(more)
        )


def _before(token: str) -> int | None:
    text = cursor(token)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Invalid("The page token is not one of ours.", reason="INVALID_PAGE_TOKEN")
    return int(text)


def _event(link: Link) -> pb.AuditEvent:
    return pb.AuditEvent(
        sequence=link.sequence,
        at=moment(link.at),
        kind=link.kind,
        actor=link.actor,
        subject=link.subject,
        address=link.address,
        trace_id=link.trace_id,
        details=link.details,
        hash=link.hash.hex(),
    )
