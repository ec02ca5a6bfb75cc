"""ZenML's first-visit survey: `python -m stacks.survey` marks it as done for the user who asks."""

from zenml.client import Client
from zenml.constants import CURRENT_USER
from zenml.models import UserUpdate
from zenml.zen_stores.rest_zen_store import RestZenStore


def skip_first_visit_survey() -> None:
    """Mark ZenML's first-visit survey as done: it hides the dashboard until it is answered."""
    store = Client().zen_store
    user = store.get_user()
    if user.email_opted_in is not None and user.user_metadata.get("finished_onboarding_survey"):
        return
    update = UserUpdate(
        full_name=user.full_name or user.name,
        email_opted_in=False,
        user_metadata={**user.user_metadata, "finished_onboarding_survey": True},
    )
    if isinstance(store, RestZenStore):
        store.put(CURRENT_USER, body=update)  # an update by name drops the answer
    else:
        store.update_user(user.id, update)


if __name__ == "__main__":
    skip_first_visit_survey()
