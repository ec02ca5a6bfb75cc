"""`python -m serving`: the prediction service on the MLflow store of the environment."""

import os
import sys

import click

from student_performance.settings import prepare_mlflow


@click.command()
@click.option("--dataset", default="student_performance", show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8600, show_default=True)
@click.option("--refresh-seconds", default=2.0, show_default=True)
def main(dataset: str, host: str, port: int, refresh_seconds: float) -> None:
    """Answer predictions until Ctrl-C."""
    prepare_mlflow()
    # A connection that is kept would go on with a local store that was deleted and made anew.
    os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
    import uvicorn

    from serving.app import create_app
    from serving.settings import from_environment
    from student_performance.errors import ProductError

    try:
        settings = from_environment(dataset, host, port, refresh_seconds)
    except ProductError as error:
        click.echo(f"Error: {error.message}\nNext:  {error.next_command}", err=True)
        sys.exit(error.exit_code)
    uvicorn.run(
        create_app(settings), host=host, port=port, log_level="warning", access_log=False,
        server_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
