"""Random numbers that stay the same."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.weather.draws import Draws


def test_uniform_numbers_are_those_of_the_raw_stream() -> None:
    """The upper 53 bits of PCG64's output, which is also what numpy's own `random` gives."""
    own = Draws(1, 2, 3).uniform(2, 4)
    bits = np.random.PCG64(np.random.SeedSequence([1, 2, 3]))
    assert own.ravel() == pytest.approx(np.random.Generator(bits).random(8), abs=0)


def test_known_numbers() -> None:
    """Pinned, so that storms stay those that were published."""
    assert Draws(0).uniform(2) == pytest.approx([0.6369616873214543, 0.2697867137638703], abs=0)


def test_normal_numbers_are_normal() -> None:
    """Mean, variance and the tails of 100,000 draws."""
    z = Draws(5).normal(100_000)
    assert z.mean() == pytest.approx(0, abs=0.01)
    assert z.std() == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.05, abs=0.003)


def test_streams_of_other_keys_differ() -> None:
    """Another member, another storm."""
    assert Draws(1, 1).between(0, 1) != Draws(1, 2).between(0, 1)
