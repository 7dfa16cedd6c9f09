"""Make sure that the page tests find a Chromium: use the one there is, or install one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_browser() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    named = os.environ.get("ROADPLAN_CHROMIUM")
    if named:
        return named
    for program in PROGRAMS:
        found = shutil.which(program)
        if found:
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install a Chromium by the system's packages as root, else by Playwright."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "chromium", "fonts-dejavu-core"],
            check=False,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        if find_browser():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Find or install a browser; say what to do where neither works."""
    if not find_browser():
        print("No Chromium found; installing one ...", flush=True)
        install()
    found = find_browser()
    if not found:
        print(
            "No Chromium could be installed. Install Chromium or Chrome, or set ROADPLAN_CHROMIUM "
            "to its program, and run again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
