"""What went wrong, as RFC 9457 has it: `application/problem+json` that names the field."""

from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse

from student_performance.errors import nearest
from student_performance.schema import shortened
from student_performance.strict import Strict

_SHOWN = 20
_REASONS = {"missing": "it is missing", "extra_forbidden": "there is no such field"}


class FieldProblem(Strict):
    """One field of a request that is not as it should be."""

    field: str
    found: str | None
    problem: str


class Problem(Strict):
    """The body of every answer that is no success."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: int, title: str, detail: str, errors: Sequence[FieldProblem] = ()
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(title=title, status=status, detail=detail, errors=tuple(errors))


def as_response(problem: Problem) -> JSONResponse:
    """The answer that tells a problem."""
    return JSONResponse(problem.model_dump(), problem.status, media_type="application/problem+json")


def not_valid(error: ValidationError, known: Sequence[str]) -> ProblemError:
    """A request whose fields break the contract.

    Args:
        error: What pydantic found.
        known: The fields of a student.
    """
    listed = error.errors(include_url=False, include_context=False)
    if listed[0]["type"] == "json_invalid":
        return ProblemError(400, "Not JSON", f"{listed[0]['msg']}.")
    problems = []
    for found in listed[:_SHOWN]:
        field, kind = _path(found["loc"]), found["type"]
        simple = not isinstance(found["input"], dict | list)
        hint = nearest(str(found["loc"][-1]), known) if kind == "extra_forbidden" else ""
        text = f"{_REASONS.get(kind, found['msg'])}.{hint}"
        shown = shortened(found["input"]) if simple and kind not in _REASONS else None
        problems.append(FieldProblem(field=field, found=shown, problem=text))
    more = f", the first {_SHOWN} are listed" if len(listed) > _SHOWN else ""
    detail = f"{len(listed):,} fields are not as the contract of the model has them{more}."
    return ProblemError(422, "Not valid", detail, problems)


def not_asked_well(error: RequestValidationError) -> Problem:
    """A request whose address has a parameter that is not as it should be."""
    problems = tuple(
        FieldProblem(field=_path(e["loc"]), found=shortened(e["input"]), problem=f"{e['msg']}.")
        for e in error.errors()
    )
    detail = "A parameter of the address is not as it should be."
    return Problem(title="Not valid", status=422, detail=detail, errors=problems)


def _path(places: Sequence[int | str]) -> str:
    """`students[3].hours_studied`."""
    text = "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
    return text.removeprefix(".") or "body"
