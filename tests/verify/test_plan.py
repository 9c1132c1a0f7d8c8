"""Plans are data: the same seed gives the same one."""

import pytest

from verify import plan
from verify.plan import ACTIONS, FAULTS, Workload

#: Faults that last for a while, whenever they begin.
LAST = ("flood", "net-away")


def test_a_seed_repeats_its_plan():
    assert plan.make(7, Workload()) == plan.make(7, Workload())
    assert plan.make(7, Workload()) != plan.make(8, Workload())


@pytest.mark.parametrize("seconds", [5, 20, 60, 300])
def test_a_plan_lasts_as_long_as_it_should(seconds):
    rounds = plan.make(1, Workload(seconds=seconds)).rounds
    planned = sum(round_.seconds + plan.SETTLING_S for round_ in rounds)
    assert planned == pytest.approx(max(seconds, 14))


def test_some_rooms_are_private_and_the_one_that_most_share_is_not():
    assert [len(plan.private_rooms(rooms)) for rooms in (1, 2, 3, 8)] == [0, 1, 1, 2]
    assert 0 not in plan.private_rooms(50) and 49 in plan.private_rooms(50)


def test_everything_happens_in_a_long_run():
    made = plan.make(1, Workload(seconds=300))
    assert {step.action for round_ in made.rounds for step in round_.steps} == ACTIONS.keys()
    seeds = (plan.make(seed, Workload(seconds=300)) for seed in range(5))
    kinds = {f.kind for made in seeds for round_ in made.rounds for f in round_.faults}
    assert kinds == FAULTS.keys()


def test_only_the_faults_that_are_wanted_happen():
    made = plan.make(1, Workload(faults=("net-reset", "worker-kill")))
    kinds = {fault.kind for round_ in made.rounds for fault in round_.faults}
    assert kinds == {"net-reset", "worker-kill"}
    assert not any(round_.faults for round_ in plan.make(1, Workload(faults=())).rounds)


def test_faults_end_before_their_round_does():
    for round_ in plan.make(3, Workload(seconds=300)).rounds:
        for fault in round_.faults:
            assert fault.at + fault.seconds <= round_.seconds or fault.kind in LAST


def test_every_client_has_rooms_that_there_are():
    made = plan.make(1, Workload(clients=40, rooms=3))
    assert len(made.seats) == 40
    for seat in made.seats:
        assert seat.rooms and set(seat.rooms) <= set(range(3))
