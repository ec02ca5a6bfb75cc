"""ZenML's first-visit survey: `python -m stacks.survey` marks it as done for the user who asks."""

from zenml.client import Client
from zenml.models import UserUpdate


def skip_first_visit_survey() -> None:
    """Mark ZenML's first-visit survey as done: it hides the dashboard until it is answered."""
    store = Client().zen_store
    user = store.get_user()
    if user.email_opted_in is None or not user.user_metadata.get("finished_onboarding_survey"):
        done = {**user.user_metadata, "finished_onboarding_survey": True}
        store.update_user(
            user.id,
            UserUpdate(
                full_name=user.full_name or user.name, email_opted_in=False, user_metadata=done
            ),
        )


if __name__ == "__main__":
    skip_first_visit_survey()
