"""The state of a leg does not depend on the order, the number or the loss of callbacks."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calling.fold import RANK, TERMINAL, LegState, Observation, advance, fold

observations = st.builds(
    Observation,
    leg=st.sampled_from(["a", "b"]),
    state=st.sampled_from(sorted(RANK)),
    seq=st.integers(-1, 6),
    duration_s=st.integers(0, 90),
)

STORY = [
    Observation("a", "initiated", 0),
    Observation("a", "ringing", 1),
    Observation("a", "answered", 2),
    Observation("a", "completed", 3, 41),
    Observation("b", "initiated", 0),
    Observation("b", "ringing", 1),
    Observation("b", "busy", 2),
]


def test_fold_is_order_free() -> None:
    expected = {"a": LegState("completed", 3, 41), "b": LegState("busy", 2)}
    assert all(fold(order) == expected for order in permutations(STORY))


@given(st.lists(observations, max_size=12), st.randoms())
def test_order_and_repetition_change_nothing(seen: list[Observation], chance) -> None:
    again = seen + [chance.choice(seen) for _ in range(5) if seen]
    chance.shuffle(again)
    assert fold(again) == fold(seen)


@given(st.lists(observations, max_size=12), st.lists(observations, max_size=12))
def test_two_workers_may_fold_apart(left: list[Observation], right: list[Observation]) -> None:
    apart = fold(left)
    for seen in right:
        apart[seen.leg] = advance(apart.get(seen.leg, LegState()), seen)
    assert apart == fold(right + left)


@given(st.lists(observations, max_size=12))
def test_a_leg_never_goes_back(seen: list[Observation]) -> None:
    state = LegState()
    for one in seen:
        later = advance(state, one)
        assert later.order() >= state.order()
        state = later


@given(st.sets(st.integers(0, 6)))
def test_loss_leaves_a_true_state_or_an_open_one(lost: set[int]) -> None:
    folded = fold(one for number, one in enumerate(STORY) if number not in lost)
    truth = fold(STORY)
    for leg, state in folded.items():
        assert state == truth[leg] or not state.is_terminal


@pytest.mark.parametrize("ending", ["completed", "busy", "no_answer", "canceled", "failed"])
def test_a_late_real_ending_corrects_lost(ending: str) -> None:
    late = [Observation("a", "lost"), Observation("a", ending, 3)]
    assert fold(late)["a"].state == fold(reversed(late))["a"].state == ending


def test_ranks() -> None:
    order = ["requested", "unknown", "queued", "initiated", "ringing", "answered", "bridged"]
    assert [RANK[state] for state in order] == list(range(7))
    assert {"lost", "busy", "no_answer", "canceled", "failed", "completed"} == TERMINAL


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="not a leg state"):
        Observation("a", "in-progress")
