"""Putting data, scripts and styles into one HTML file, where none of it is taken for markup."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.i18n import translate

Text = str | Mapping[str, str]
"""What a page says: a message id of its catalogues, or names by language (`en`, `ru`, `kk`)."""

LANGUAGE_NAMES = {"ru": "Русский", "kk": "Қазақша", "en": "English"}
"""What each language calls itself."""

SCRIPTS = (
    "core",
    "language",
    "road",
    "symbols",
    "labels",
    "background",
    "fields",
    "layers",
    "controls",
    "popup",
    "panels",
    "search",
    "start",
)
"""The page's own scripts, in the order in which they need each other."""

_OLDEST_LEAFLET = (1, 9)


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: numpy scalars unpacked, NaN and NaT as None.

    Surrogates that stand alone, which no encoding can carry, become replacement characters.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    if value is pd.NaT or value is pd.NA:
        return None
    return plain(str(value))


def embedded_json(value: Any) -> str:
    r"""Return `value` as JSON that stands safely inside a script element.

    Examples
    --------
    >>> embedded_json({"name": "</script><b>"})
    '{"name":"\\u003c/script\\u003e\\u003cb\\u003e"}'
    """
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def embedded_script(source: str) -> str:
    """Return a script such that no string in it ends the script element."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    source = re.sub(r"^//# sourceMappingURL=.*$", "", source, flags=re.MULTILINE)
    return source.replace("</script", r"<\/script").replace("<!--", r"<\!--").strip()


def script_hash(script: str) -> str:
    """Return the source expression by which a content security policy allows one script."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def own_file(name: str) -> str:
    """Return the text of a file in ``roadplan/maps/static``."""
    return files("roadplan.maps").joinpath("static", name).read_text(encoding="utf-8")


def page_script() -> str:
    """Return the page's own scripts as one."""
    return embedded_script("\n".join(own_file(f"{name}.js") for name in SCRIPTS))


@cache
def leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style sheet from the installed package, images inlined.

    Raises
    ------
    RoadplanError
        The installed package is older than 1.9.
    """
    from xstatic.pkg import leaflet as package

    version = tuple(int(part) for part in re.findall(r"\d+", str(package.VERSION))[:2])
    if version < _OLDEST_LEAFLET:
        raise RoadplanError(
            f"Leaflet {package.VERSION} is installed and 1.9 is needed; "
            "upgrade with: pip install 'xstatic-leaflet>=1.9.3'"
        )
    folder = Path(package.BASE_DIR)
    style = (folder / "leaflet.css").read_text(encoding="utf-8")
    # The rule is for Internet Explorer 8 and the only address that is no image.
    style = style.replace("behavior: url(#default#VML);", "")
    style = re.sub(
        r"url\((images/[\w.-]+)\)", lambda found: f"url({_image(folder / found[1])})", style
    )
    icons = {
        "iconUrl": _image(folder / "images/marker-icon.png"),
        "iconRetinaUrl": _image(folder / "images/marker-icon-2x.png"),
        "shadowUrl": _image(folder / "images/marker-shadow.png"),
    }
    script = (folder / "leaflet.js").read_text(encoding="utf-8")
    script += f"\nL.Icon.Default.imagePath='';L.Icon.Default.mergeOptions({json.dumps(icons)});"
    return embedded_script(script), style


def _image(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def in_language(text: Text, language: str, domains: Iterable[str]) -> str:
    """Return a text in one language, for what must be readable before any script runs."""
    if not isinstance(text, str):
        return text.get(language) or text.get("en") or next(iter(text.values()), "")
    for domain in domains:
        found = translate(text, language, domain)
        if found != text:
            return found
    return text
