"""A Chromium that no page can leave: every request off the disk is refused and told."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _find_browser() -> str | None:
    path = Path(__file__).parent.parent / "install_browser.py"
    spec = importlib.util.spec_from_file_location("install_browser", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.find_browser()
    return None if found is None else str(found)


# A running Playwright holds an event loop, which would disturb tests elsewhere: it lives for one
# module only.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give a Chromium for the tests of one module."""
    program = _find_browser()
    if program is None:
        pytest.fail("there is no Chromium; run python tests/install_browser.py")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, with all that it complained of and asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    quiet: bool = True

    def text(self, selector: str) -> str:
        """Return the text that a reader sees in the first match."""
        return self.page.locator(selector).first.inner_text()

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        return self.page.evaluate(f"() => ({script})")

    def language(self, code: str) -> None:
        """Switch the language with the button."""
        self.page.click(f"[data-language={code}]")

    def pixel_of(self, layer: str, feature: str) -> tuple[float, float]:
        """Return where on the screen the symbol of a feature is."""
        x, y = self.page.evaluate(
            """([layer, id]) => {
                const one = roadplan.layers.find(layer, id);
                const mark = one.paths.find((path) => path._point);
                const at = roadplan.map.layerPointToContainerPoint(mark._point);
                const box = roadplan.map.getContainer().getBoundingClientRect();
                return [box.left + at.x, box.top + at.y];
            }""",
            [layer, feature],
        )
        return x, y

    def look(self, lat: float, lon: float, zoom: float) -> None:
        """Move the map without an animation."""
        self.page.evaluate(
            "([at, zoom]) => { roadplan.map.setView(at, zoom, {animate: false}); }",
            [[lat, lon], zoom],
        )


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visitor]:
    """Give a function that opens a file, and see at the end that all was quiet.

    Keywords are those of Playwright's contexts, and `size`, `address` (what follows the path) and
    `answer` (what happens to a request off the disk; refused by default).
    """
    visits: list[Visit] = []

    def go(
        path: Path,
        *,
        size: tuple[int, int] = (1400, 900),
        address: str = "#lang=en",
        answer: Callable[[Route], None] = lambda route: route.abort(),
        offline: bool = True,
        **options: Any,
    ) -> Visit:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, offline=offline, **options
        )
        context.set_default_timeout(10_000)
        seen = Visit(context.new_page())
        visits.append(seen)

        def inspect(route: Route) -> None:
            if route.request.url.startswith(("file:", "data:")):
                route.continue_()
                return
            seen.requests.append(route.request.url)
            answer(route)

        context.route("**/*", inspect)
        seen.page.on(
            "console",
            lambda message: (
                seen.messages.append(message.text) if message.type in {"error", "warning"} else None
            ),
        )
        seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
        seen.page.goto(path.as_uri() + address)
        seen.page.wait_for_selector("html[data-ready=yes]", state="attached")
        return seen

    yield go
    for seen in visits:
        seen.page.context.close()
        if seen.quiet:
            assert seen.messages == []
            assert seen.requests == []
