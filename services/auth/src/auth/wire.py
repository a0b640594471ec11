"""What several servicers translate alike: moments, roles, ids and pages."""

import base64
import binascii
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from auth.domain.accounts import Role
from chassis.errors import Invalid, ServiceError
from reliability.auth.v1 import auth_pb2 as pb

ROLES: Final[dict[Role, pb.Role.ValueType]] = {"user": pb.ROLE_USER, "admin": pb.ROLE_ADMIN}
_NAMES: Final[dict[int, Role]] = {value: name for name, value in ROLES.items()}

_USUAL_PAGE: Final = 50
_LARGEST_PAGE: Final = 200
_LONGEST_CURSOR: Final = 2048


def moment(at: datetime | float | None) -> Timestamp | None:
    """Of an aware time or of seconds since the epoch."""
    if at is None:
        return None
    stamp = Timestamp()
    if isinstance(at, datetime):
        stamp.FromDatetime(at)
    else:
        stamp.FromNanoseconds(int(at * 1e9))
    return stamp


def role(value: int, *, otherwise: Role) -> Role:
    """Raises Invalid for a number that is no role."""
    if value == pb.ROLE_UNSPECIFIED:
        return otherwise
    if value not in _NAMES:
        raise Invalid("There is no such role.", reason="INVALID_ROLE")
    return _NAMES[value]


def identity(text: str, absent: Callable[[], ServiceError]) -> uuid.UUID:
    """An id; what is none names nothing, which is what `absent` says."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise absent() from None


def page_size(asked: int) -> int:
    if asked < 0:
        raise Invalid("A page has 1 to 200 entries.", reason="INVALID_PAGE_SIZE")
    return min(asked or _USUAL_PAGE, _LARGEST_PAGE)


def page_token(cursor: str) -> str:
    """Opaque to the caller; empty for an empty cursor."""
    return base64.urlsafe_b64encode(cursor.encode()).rstrip(b"=").decode()


def cursor(token: str) -> str:
    """Raises Invalid: INVALID_PAGE_TOKEN."""
    bounded = token if len(token) <= _LONGEST_CURSOR else "?"
    try:
        text = base64.b64decode(bounded + "=" * (-len(bounded) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = "\0"
    if "\0" in text:
        raise Invalid("The page token is not one of ours.", reason="INVALID_PAGE_TOKEN")
    return text
