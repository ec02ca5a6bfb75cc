"""The stack of a command that asks the version that serves."""

from cli.output import say


def select_with_champion(dataset: str, stack: str | None) -> str:
    """Select the stack; returns its name.

    Raises:
        RegistryError: No version serves; this is told before anything is started.
    """
    say("Loading ZenML and MLflow …")
    from cli.speed import fast_imports

    with fast_imports():
        from stacks.selection import select_stack
        from steps.mlflow_store import active_store
        from student_performance.predictor import load_predictor

    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    load_predictor(active_store(), dataset)
    return selection.name
