"""Words become variables on evidence only, and the order of the evidence does not matter."""

import random

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.grouping.merging import merge

NAMES = ["ada", "bob", "cyd", "dan", "eve", "fay"]


def test_many_rare_values_are_a_variable() -> None:
    found = merge({f"login refused for {name} today": 1 for name in NAMES})
    assert set(found.values()) == {"login refused for <*> today"}


def test_a_few_common_values_are_different_messages() -> None:
    states = {f"machine was {state} now": 40 for state in ("started", "paused", "resumed", "stopped")}
    assert merge(states) == {key: key for key in states}


def test_one_common_value_among_rare_ones_is_still_a_value() -> None:
    counts = {f"login refused for {name} today": 1 for name in NAMES} | {"login refused for root today": 900}
    assert len(set(merge(counts).values())) == 1


def test_subjects_stay_apart() -> None:
    services = {f"{name} startup succeeded": 1 for name in NAMES}
    assert merge(services) == {key: key for key in services}


def test_what_is_common_to_the_values_stays() -> None:
    found = merge({f"refused at door user={name}, twice": 1 for name in NAMES})
    assert set(found.values()) == {"refused at door user=<*>, twice"}


def test_two_variable_words_are_found_one_after_the_other() -> None:
    counts = {f"copy from {one} to {two} refused": 1 for one in NAMES for two in NAMES}
    assert set(merge(counts).values()) == {"copy from <*> to <*> refused"}


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "<*>"]), min_size=1, max_size=5).map(" ".join)


@given(st.dictionaries(words, st.integers(1, 50), max_size=30), st.randoms())
def test_the_order_of_signatures_does_not_matter(counts: dict[str, int], rng: random.Random) -> None:
    shuffled = list(counts.items())
    rng.shuffle(shuffled)
    assert merge(dict(shuffled)) == merge(counts)


@given(st.dictionaries(words, st.integers(1, 50), max_size=30))
def test_every_signature_has_a_template_of_its_length(counts: dict[str, int]) -> None:
    found = merge(counts)
    assert found.keys() == counts.keys()
    assert all(len(template.split()) == len(key.split()) for key, template in found.items())
