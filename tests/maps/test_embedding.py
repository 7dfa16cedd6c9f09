"""Data, scripts and styles inside one HTML file."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from roadplan.maps.embedding import (
    embedded_json,
    embedded_script,
    leaflet,
    page_script,
    plain,
    script_hash,
)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_and_holds_no_markup(text: str) -> None:
    """Embedded text is read back letter by letter and has no character of markup in it."""
    embedded = embedded_json([text])
    assert json.loads(embedded) == [text]
    assert not set(embedded) & set("<>&\u2028\u2029")


def test_numbers_that_json_lacks_become_null() -> None:
    """NaN, infinity, NaT and missing values are null."""
    values = [float("nan"), np.float64("inf"), pd.NaT, pd.NA, None]
    assert plain(values) == [None] * 5


def test_numpy_values_become_plain_ones() -> None:
    """Scalars and arrays of numpy become numbers, whole ones without a decimal point."""
    assert embedded_json({"a": np.int64(3), "b": np.array([1.0, 2.5])}) == '{"a":3,"b":[1,2.5]}'


def test_a_lone_surrogate_does_not_break_the_encoding() -> None:
    """Half a character becomes a replacement character, so that the file can be written."""
    assert plain("a\ud800b") == "a\ufffdb"


def test_no_string_in_a_script_ends_it() -> None:
    """A script element's end and a comment's beginning are broken up inside strings."""
    script = embedded_script("const a = '</script><!--';\r\n//# sourceMappingURL=a.js.map")
    assert script == r"const a = '<\/script><\!--';"


def test_leaflet_needs_nothing_besides_itself() -> None:
    """The style sheet's images are inlined and the script names no source map."""
    script, style = leaflet()
    assert set(re.findall(r"url\((.{10})", style)) == {"data:image"}
    assert "sourceMappingURL" not in script
    assert "L.Icon.Default.mergeOptions" in script


def test_page_scripts_are_ours_and_whole() -> None:
    """All scripts of the page are there, in an order that ends with the start."""
    assert page_script().rstrip().endswith("};")
    assert "roadplan.start = (map) =>" in page_script()


def test_hash_of_a_script_is_the_known_one() -> None:
    """The hash is that of the example in the CSP specification."""
    # W3C, Content Security Policy Level 3, section 8.3: alert('Hello, world.');
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert script_hash("alert('Hello, world.');") == expected
