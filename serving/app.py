"""The HTTP interface of the prediction service."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse

from serving.answers import Answer, answer
from serving.champion import Champion, Serving
from serving.guard import Guard
from serving.metrics import Metrics
from serving.problems import Problem, ProblemError, as_response, not_asked_well, not_valid
from serving.settings import ServiceSettings
from serving.trial import Trials

_PREDICTIONS = ("/predict", "/predict/batch")
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        401: "The key is missing or wrong.",
        413: "The body is too large.",
        422: "A field breaks the contract of the model.",
        503: "No version is loaded yet.",
    }.items()
}


def create_app(settings: ServiceSettings) -> FastAPI:
    """The service; it begins to follow the champion when it starts."""
    champion, metrics = Champion(settings), Metrics()
    trials = Trials(settings, champion.load)
    champion.also = trials.refresh

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        champion.start()
        yield
        champion.stop()

    # The pages /docs and /redoc would load their scripts from another machine.
    app = FastAPI(
        title="Student performance", version="1", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.openapi = lambda: _described(app, champion)  # type: ignore[method-assign]
    _tell_problems(app)
    _look_after(app, champion, trials, metrics)
    _predict(app, settings, champion, trials, metrics)
    app.add_middleware(Guard, settings=settings, metrics=metrics)
    return app


def _predict(
    app: FastAPI, settings: ServiceSettings, champion: Champion, trials: Trials, metrics: Metrics
) -> None:
    @app.post("/predict", response_model=Answer, responses=_ERRORS)
    async def predict(request: Request, reasons: bool = False) -> Response:
        """The risk of one student."""
        serving = _serving(champion)
        if alone := serving.students.of_groups:
            raise ProblemError(
                422,
                "Not valid",
                f"{', '.join(alone)} is compared within a group: ask about the whole group with"
                " /predict/batch.",
            )
        student = _read(await _body(request, settings), serving.students.one, serving)
        if trials.trial is None:
            return _told(answer(serving, [student], reasons), metrics)
        found = await run_in_threadpool(trials.answer, serving, [student], reasons)  # it writes
        return _told(found, metrics)

    @app.post("/predict/batch", response_model=Answer, responses=_ERRORS)
    async def predict_batch(request: Request, reasons: bool = False) -> Response:
        """The risks of several students; of whole groups, where features are ranks in them."""
        serving = _serving(champion)
        body = await _body(request, settings)

        def work() -> Answer:
            students = _read(body, serving.students.many, serving)["students"]
            return trials.answer(serving, students, reasons)

        return _told(await run_in_threadpool(work), metrics)


def _look_after(app: FastAPI, champion: Champion, trials: Trials, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: _ERRORS[503]})
    async def ready() -> dict[str, str | None]:
        """Whether a version is loaded; `trouble` says if the registry is away meanwhile.

        `experiment` is the one that runs, and `experiment_trouble` says why it does not take part.
        """
        serving = _serving(champion)
        if not champion.settled:  # else the first students would be left out of an experiment
            raise ProblemError(503, "Not ready", "It is being looked up which experiment runs.")
        return {
            "version": serving.number,
            "trouble": champion.trouble,
            "experiment": trials.trial.experiment.id if trials.trial else None,
            "experiment_trouble": trials.trouble,
        }

    @app.get("/version", responses={503: _ERRORS[503]})
    async def version() -> dict[str, object]:
        """The version that answers."""
        serving = _serving(champion)
        told = serving.predictor.version
        return {
            "model": told.name,
            "version": told.number,
            "candidate": told.candidate,
            "sha256": told.sha256,
            "threshold": told.threshold.value,
            "trouble": champion.trouble,
        }

    @app.get("/metrics")
    async def read_metrics() -> PlainTextResponse:
        """Counters for Prometheus."""
        number = champion.serving.number if champion.serving else None
        return PlainTextResponse(metrics.text(number, champion.trouble is None))


def _tell_problems(app: FastAPI) -> None:
    @app.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> JSONResponse:
        return as_response(error.problem)

    @app.exception_handler(RequestValidationError)
    async def parameter(_: Request, error: RequestValidationError) -> JSONResponse:
        return as_response(not_asked_well(error))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, __: Exception) -> JSONResponse:
        told = "The service failed to answer; its log has the details."
        return as_response(Problem(title="Internal error", status=500, detail=told))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        title = str(error.detail)
        return as_response(Problem(title=title, status=error.status_code, detail=title))


def _serving(champion: Champion) -> Serving:
    """The version that answers this request from its beginning to its end."""
    serving = champion.serving
    if serving is None:
        raise ProblemError(503, "No model", champion.trouble or "No version is loaded yet.")
    return serving


async def _body(request: Request, settings: ServiceSettings) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > settings.max_bytes:
            told = f"A body has {settings.max_bytes:,} bytes at most; send fewer students."
            raise ProblemError(413, "Too large", told)
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes, adapter: TypeAdapter[Any], serving: Serving) -> Any:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise not_valid(error, serving.students.fields) from None


def _told(found: Answer, metrics: Metrics) -> Response:
    told = Counter((student.version, student.flagged) for student in found.students)
    for (version, flagged), students in told.items():
        metrics.students.labels(version, "yes" if flagged else "no").inc(students)
    return Response(found.model_dump_json(), media_type="application/json")


def _described(app: FastAPI, champion: Champion) -> dict[str, Any]:
    """OpenAPI with what the version that answers wants to know; made anew, since it may change."""
    found: dict[str, Any] = get_openapi(title=app.title, version=app.version, routes=app.routes)
    serving = champion.serving
    if serving is not None:
        place = "#/components/schemas/{model}"
        whole = serving.students.many.json_schema(ref_template=place)
        found["components"]["schemas"] |= whole.pop("$defs") | {"Students": whole}
        for path, name in zip(_PREDICTIONS, ("Student", "Students"), strict=True):
            schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
            body = {"required": True, "content": {"application/json": schema}}
            found["paths"][path]["post"]["requestBody"] = body
    return found
