"""What people do on the pages of the dashboard."""

import os

from playwright.sync_api import Locator, Page, expect

TITLES = {
    "Overview": "Which model serves",
    "Experiments": "Every training",
    "Model": "One version",
    "Predict": "Who may need help",
    "Monitoring": "Are the students still the same?",
    "A/B test": "Is the challenger better?",
    "Registry": "Which version served when",
}
SLOW = 60_000


def opened(page: Page, address: str, name: str) -> None:
    """Go to a page of the dashboard by its menu."""
    if not page.url.startswith(address):
        page.goto(address, wait_until="domcontentloaded")
    menu = page.get_by_test_id("stSidebarNav")
    if not menu.is_visible():
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    if page.get_by_test_id("stExpandSidebarButton").is_visible():
        page.get_by_test_id("stExpandSidebarButton").click()
    menu.get_by_text(name, exact=True).click(timeout=SLOW)
    settled(page, name)


def settled(page: Page, name: str) -> None:
    """Wait until a page is drawn; it must not tell of a failure."""
    expect(page.get_by_role("heading", name=TITLES[name], level=1)).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=SLOW)
    expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def cells(table: Locator) -> list[str]:
    """What a table holds: it is drawn, but told to screen readers."""
    expect(table.locator("[role=gridcell]").first).to_be_attached(timeout=SLOW)
    return table.locator("[role=gridcell]").all_text_contents()


def pushed(page: Page, label: str, key: str, times: int, which: int = 0) -> None:
    """Move a slider, and wait each time until the page is drawn anew."""
    for _ in range(times):
        page.get_by_role("slider", name=label).nth(which).press(key)
        page.wait_for_timeout(1000)
        expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=SLOW)


def picture(page: Page, name: str) -> None:
    """Something to look at, for who asks for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(1500)
        page.screenshot(path=f"{folder}/{name}.png")


def confirm(page: Page, button: str, name: str, reason: str) -> None:
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    yes = dialog.get_by_role("button", name="Yes, do it")
    expect(yes).to_be_disabled(timeout=SLOW)
    dialog.get_by_label("Your name").fill(name)
    dialog.get_by_label("Your name").press("Tab")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_label("Reason").press("Tab")
    expect(yes).to_be_enabled(timeout=SLOW)
    yes.click()
