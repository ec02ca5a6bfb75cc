"""Tells somebody about an alarm: a POST to the webhook that the environment names."""

import json
import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from student_performance.errors import UnreachableError, UsageError
from student_performance.monitor_report import MonitorReport

WEBHOOK_VARIABLE = "STUDENT_PERFORMANCE_WEBHOOK"
_SECONDS = 10


def webhook() -> str | None:
    """The address of the environment; None without one.

    Raises:
        UsageError: It is no HTTP address.
    """
    url = os.environ.get(WEBHOOK_VARIABLE)
    if not url:
        return None
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UsageError(
            f"{WEBHOOK_VARIABLE} holds no address that begins with https:// or http://.",
            f"{WEBHOOK_VARIABLE}=https://HOST/PATH python run.py monitor --data FILE",
        )
    return url


def send(report: MonitorReport, url: str) -> None:
    """Post an alarm as JSON; `text` holds all of it, as Slack and Mattermost show it.

    No student is in it, and the address, which is a secret, is in no error.

    Raises:
        UnreachableError: Nobody took it.
    """
    title = f"{report.dataset}, version {report.version}: {report.level}"
    lines = [title, *report.findings(), report.advice()]
    body = {
        "text": "\n".join(lines),
        "level": report.level,
        "dataset": report.dataset,
        "version": report.version,
        "at": report.at.isoformat(),
        "findings": report.findings(),
        "advice": report.advice(),
    }
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):
            return
    except urllib.error.HTTPError as error:
        why = f"answered {error.code}"
    except OSError as error:
        why = f"did not answer ({getattr(error, 'reason', error)})"
    raise UnreachableError(
        f"The alarm was kept but not delivered: the webhook of {WEBHOOK_VARIABLE} {why}.",
        "python run.py monitor --data FILE",
    )
