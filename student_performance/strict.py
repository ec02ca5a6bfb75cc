"""The base of every record that passes between layers."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen model that knows every one of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
