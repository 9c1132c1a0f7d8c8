"""People are found by a part of a name or display name, in pages that cost what they hold."""

import random

import pytest

from chat import account_state, keys, people, people_search, profile
from chat.errors import Invalid, TooLong


def found(store, q, **how):
    return [person.name for person in people_search.page(store, q, **how)[0]]


def all_pages(store, q, limit):
    names, cursor = [], ""
    while cursor is not None:
        page, cursor = people_search.page(store, q, cursor, limit)
        assert len(page) <= limit
        names += [person.name for person in page]
    return names


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("", ["bora", "nora", "남보라", "보라", "이순신"]),
        ("bo", ["bora"]), ("ORA", ["bora", "nora"]), ("보라", ["보라", "남보라"]),
        ("라", ["남보라", "보라"]),
        ("ㅂㄹ", ["보라", "남보라"]), ("보ㄹ", ["보라", "남보라"]),
        ("ㄴㅂㄹ", ["남보라"]), ("ㅇㅅㅅ", ["이순신"]),
        ("ㅂ라", ["보라", "남보라"]), ("ㅂㅂ", []),
        ("\u1107\u1169라", ["보라", "남보라"]), ("  보라 ", ["보라", "남보라"]),
        ("ｂｏｒａ", ["bora"]), ("x", []), ("*", []), ("bora\0", []),
    ],
)  # fmt: skip
def test_people_are_found_by(made, store, q, names):
    for name in ("bora", "nora", "보라", "남보라", "이순신"):
        made(name)
    # Those who have it in the middle of a word, from the same letter on, come in any order.
    tied = q in ("ORA", "라")
    assert (sorted(found(store, q)) if tied else found(store, q)) == names


def test_words_that_begin_so_come_first_then_what_has_it_inside(made, store):
    for name, shown in (("ann", "Kim Bora"), ("abora", ""), ("bora", ""), ("dan", "김보라")):
        profile.change(store, made(name).user_id, {"displayName": shown})
    first, second, last = found(store, "bora")
    assert ({first, second}, last) == ({"ann", "bora"}, "abora")
    assert found(store, "kim") == ["ann"]
    assert found(store, "kim bo") == ["ann"]
    assert found(store, "ㄱㅂㄹ") == ["dan"]


def test_each_person_is_found_once_in_all_pages(made, store):
    made("anna.banana"), made("hanna")
    profile.change(store, made("nana").user_id, {"displayName": "Anna Nana"})
    for q in ("", "a", "an", "na", "n"):
        names = all_pages(store, q, 1)
        assert sorted(names) == ["anna.banana", "hanna", "nana"]
        assert names == all_pages(store, q, 2) == found(store, q)


def test_a_new_name_is_found_at_once_and_the_old_one_not_any_more(made, store):
    assert found(store, "") == []  # From here on the index is there.
    bora = made("bora")
    assert found(store, "bor") == ["bora"]
    profile.change(store, bora.user_id, {"name": "sora", "displayName": "남보라"})
    assert found(store, "bor") == []
    assert found(store, "sor") == found(store, "ㄴㅂ") == ["sora"]
    profile.change(store, bora.user_id, {"displayName": ""})
    assert found(store, "보라") == []
    account_state.delete(store, "sora")
    assert found(store, "") == []
    assert store.redis.zrange(keys.TERMS, 0, -1) == [b"!1"]


def test_deactivated_people_are_found_by_admins_only(made, store):
    made("bora"), made("dan")
    account_state.deactivate(store, "bora")
    assert found(store, "") == ["dan"]
    assert found(store, "bo", everyone=True) == ["bora"]


def test_people_from_before_there_was_an_index_are_found(made, store):
    made("bora"), made("보라")
    store.redis.delete(keys.TERMS)
    made("nora")
    assert sorted(found(store, "ora")) == ["bora", "nora"]
    assert found(store, "ㅂㄹ") == ["보라"]


def test_what_was_left_behind_in_the_index_is_not_shown(made, store):
    bora = made("bora")
    found(store, "")
    store.redis.zadd(keys.TERMS, {f"0sora\0{bora.user_id}": 0, "0sora\0u0123456789abcde": 0})
    assert found(store, "sora") == []


def test_a_long_name_is_found_by_its_beginning_and_by_all_of_it(made, store):
    shown = "Bora von und zu der langen Strasse am Ende"
    profile.change(store, made("bora").user_id, {"displayName": shown})
    made("dan")
    assert found(store, shown) == ["bora"]
    assert found(store, shown[:30]) == ["bora"]
    assert found(store, f"{shown}x") == []


def test_a_search_in_a_crowd_looks_at_so_many_and_goes_on(made, store):
    anna = made("anna")
    assert found(store, "a") == ["anna"]
    left_behind = [f"0a{i:05}\0{anna.user_id}" for i in range(people_search.LOOKED_AT + 500)]
    store.redis.zadd(keys.TERMS, dict.fromkeys(left_behind, 0))
    page, cursor = people_search.page(store, "a")
    assert page == [] and cursor
    page, cursor = people_search.page(store, "a", cursor)
    assert [person.name for person in page] == ["anna"]
    assert all_pages(store, "a", 50) == ["anna"]


@pytest.mark.parametrize("cursor", ["x", "!!", "MA==", "a" * 500, "ITE", "é"])
def test_a_cursor_that_is_not_one_of_ours(made, store, cursor):
    if cursor == "MA==":
        assert people_search.page(store, "", cursor) == ([], None)
        return
    with pytest.raises(Invalid):
        people_search.page(store, "", cursor)


def test_a_search_that_is_too_long_or_a_page_that_is_too_large(store):
    with pytest.raises(TooLong):
        people_search.page(store, "x" * 81)
    for limit in (0, 201, -1):
        with pytest.raises(Invalid):
            people_search.page(store, "", limit=limit)


def test_any_part_of_any_name_finds_it(made, store):
    rule = random.Random(1)
    letters = ["a", "b", "é", "ß", "가", "각", "ㄱ", "힣", "나", ".", "1"]
    persons = []
    while len(persons) < 30:
        shown = "".join(rule.choices([*letters, " "], k=rule.randint(2, 9)))
        person = made(f"p{len(persons)}")
        persons.append(profile.change(store, person.user_id, {"displayName": shown}))
    for person in persons:
        for _ in range(5):
            i, j = sorted(rule.sample(range(len(person.shown) + 1), 2))
            part = person.shown[i:j].strip()
            names = all_pages(store, part, 7)
            assert person.name in names, (person.shown, part)
            assert len(names) == len({*names})
    assert len(people.everyone(store)) == len(persons)
