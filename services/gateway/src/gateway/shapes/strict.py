"""The strictness that every shape of the API shares."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, StringConstraints

Instant = Annotated[
    datetime,
    AfterValidator(lambda at: at.astimezone(UTC)),
    PlainSerializer(lambda at: at.isoformat().replace("+00:00", "Z"), return_type=str),
]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Taken(BaseModel):
    """What a client sends: nothing unknown, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Told(BaseModel):
    """What the gateway answers."""

    model_config = ConfigDict(frozen=True)
