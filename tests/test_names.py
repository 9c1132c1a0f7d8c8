"""Names that look alike are one name; names of all scripts are allowed."""

from unicodedata import normalize

import pytest

from chat import account_state, accounts, names, people, profile, validation
from chat.errors import Conflict, Invalid
from chat.passwords import Hasher
from tests.conftest import let_pass

PASSWORD = "correct horse"
HASHER = Hasher()

REAL = [
    *("보라", "김민준", "남궁민수", "José",
      "Øystein", "Þóra", "Łukasz", "Zoë", "Jean-Luc", "o.brien"),
    *("山田太郎", "さくら", "ヤマダ", "高橋みなみ", "Ken山田", "王小明",
      "李娜", "陳ㄅㄆ", "Bora보라", "金민수"),
    *("محمد", "فاطمة", "علی", "דוד", "שרה", "मोहन", "प्रियंका", "अर्जुन", "সুমন", "ਗੁਰਪ੍ਰੀਤ", "પ્રિયા"),
    *("ความรัก", "สมชาย", "น้ำฝน", "Nguyễn", "Phượng", "Trần_Thị", "Ελένη", "Γιώργος", "Иван"),
    *("Ёлка", "Оксана", "Ђорђе", "გიორგი", "Հայկ", "Անահիտ", "አበበ", "ሰላም", "கண்ணன்", "தமிழ்"),
    *("సీత", "ಕನ್ನಡ", "മലയാളം", "සුනිල්", "សុខា", "ស្រីមុំ", "ບຸນ",
      "မြန်မာ", "အောင်", "བསྟན་འཛིན".replace("་", "_")),
    *("Ọlá", "Ó\u0329la", "ɓaƙo", "Ŋɔɛ", "Şəfiqə", "Kāne", "ʻIolani", "Işıl", "İpek",
      "Straße", "が行", "ŝvagiĉo"),
    *("ᠮᠣᠩᠭᠣᠯ", "ᏣᎳᎩ", "ⵜⵉⴼⵉⵏⴰⵖ", "a1", "user_42", "x" * 32),
]  # fmt: skip
LIKE_BORA = {
    "variation selector": "bo\ufe0fra",
    "grapheme joiner": "bora\u034f",
    "khmer vowel": "bo\u17b4ra",
    "mongolian selector": "bor\u180ba",
    "cyrillic": "b\u043er\u0430",
    "all cyrillic but one": "\u042c\u043er\u0430",
    "full width": "\uff42\uff4f\uff52\uff41",
    "mathematical": "\U0001d41b\U0001d428\U0001d42b\U0001d41a",
    "script letters": "\U0001d4eb\u2134\U0001d4fb\U0001d4ea",
    "greek": "b\u03bfra",
    "zero": "b0ra",
    "capitals": "BORA",
    "31 marks": "b" + "\u0301" * 28 + "ora",
    "marks that cover themselves": "bo\u0323\u0323ra",
    "filler": "bo\u3164ra",
    "selector of the supplement": "bora\U000e0100",
}


@pytest.mark.parametrize("name", REAL)
def test_real_names_of_all_scripts_are_welcome(name):
    assert names.new_name(name) == normalize("NFC", name)


def test_real_names_do_not_look_alike():
    looks = [look for name in REAL for look in names.skeletons(name)]
    assert len(looks) == len({*looks})


@pytest.mark.parametrize("name", LIKE_BORA.values(), ids=LIKE_BORA)
def test_nobody_can_be_called_what_looks_like_somebodys_name(store, name):
    accounts.create(store, HASHER, "bora", PASSWORD)
    with pytest.raises((Invalid, Conflict)):
        accounts.create(store, HASHER, name, PASSWORD)
    assert len(people.everyone(store)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bill", "bi11"), ("bill", "biIl"), ("bill", "BilI"), ("Ivan", "lvan"), ("Arnold", "Amold"),
        ("paypal", "раура1"), ("ОВО", "OBO"), ("наташа", "нaтaшa"), ("oleg", "0leg"),
        ("annie", "anni\u0307e"), ("joey", "j\u0307oey"), ("joey", "\u0237oey"),
        ("joey", "\u0237\u0307oey"), ("annie", "ann\u0131e"), ("annie", "ann\u0131\u0307e"),
        ("ỉna", "i\u0307\u0309na"), ("įna", "į\u0307na"), ("ịna", "i\u0323\u0307na"),
        ("іван", "і\u0307ван"), ("annie", "ANNİE"),
        ("annie", "ann\u0345ie"), ("annie", "ann\u0363ie"), ("annie", "ann\u05bfie"),
        ("annie", "ann\u1ab0ie"), ("annie", "ann\u20ddie"), ("annie", "ᴀɴɴɪᴇ"),
        ("bill", "biʟʟ"), ("annie", "annɪe"), ("ryan", "ʀyan"),
        ("annie", "anꞑie"), ("sun", "ꜱun"), ("five", "ƽive"), ("five", "Ƽive"), ("ko", "ĸo"),
        ("bill", "biㅣl"), ("bill", "bi丨l"), ("biㅣㅣ", "bi11"), ("bill", "bi\u1175l"),
        ("Ivan", "ㅣvan"), ("bill", "bi\uffdcl"), ("bora", "bㅇra"), ("b0ra", "bㅇra"),
        ("dan-kim", "danㅡkim"), ("dan-kim", "dan一kim"), ("dan-kim", "danーkim"),
        ("dan-kim", "danㄧkim"), ("Tom", "ㅜom"), ("Tom", "丅om"), ("Tom", "ㄒom"),
        ("Lee", "ㄴee"), ("Eva", "ㅌva"), ("Hana", "ㅐana"), ("max", "ma乂"), ("max", "maㄨ"),
        ("max", "maメ"), ("Yves", "丫ves"), ("Yves", "ㄚves"), ("Ursula", "ㄩrsula"),
        ("Carl", "匚arl"), ("Carl", "ㄈarl"), ("Carl", "ㄷarl"), ("agent7", "agentㄱ"),
        ("口口", "ㅁㅁ"), ("ロロ", "ㅁㅁ"), ("金人", "金ㅅ"), ("ㅏㅏ", "卜卜"), ("スス", "ㅈㅈ"),
        ("ㅣㅣ", "丨丨"), ("ㅇㅣ", "이"),
        ("日本", "曰本"), ("william", "vvilliam"), ("William", "VVilliam"), ("savvy", "sawy"),
        ("力lee", "カlee"), ("ｶﾅ", "カナ"), ("한글", "한글".replace("한", "\u1112\u1161\u11ab")),
    ],
)  # fmt: skip
def test_of_two_names_that_look_alike_the_first_stays_alone(store, one, other):
    for first, second in ((one, other), (other, one)):
        store.redis.flushall()
        try:
            accounts.create(store, HASHER, first, PASSWORD)
        except Invalid:
            continue  # No account has such a name in the first place.
        with pytest.raises((Invalid, Conflict)):
            accounts.create(store, HASHER, second, PASSWORD)


def test_names_that_only_resemble_each_other_are_two_names(store):
    for name in ("clan", "dan", "ko", "κο", "Jose", "José", "ina", "ïna"):
        accounts.create(store, HASHER, name, PASSWORD)


def test_whole_syllables_of_hangul_look_like_no_latin_letters(store):
    for name in ("dan이", "danol", "ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "아이", "olol", "이이", "한글", "김ㅋ"):
        accounts.create(store, HASHER, name, PASSWORD)


def make_as_before(store, name):
    """An account from before there were rules for its name."""
    made = accounts.create(store, HASHER, "somebody", PASSWORD)
    store.redis.hset(f"maru:person:{made.user_id}", "name", name)
    store.redis.hdel("maru:names", "somebody")
    store.redis.hset("maru:names", validation.fold(name), made.user_id)
    store.redis.delete("maru:skeletons")


def test_names_from_before_go_on_working_and_keep_others_from_looking_like_them(store):
    for name in ("bora", "b0ra", "bo\ufe0fra"):
        make_as_before(store, name)
    for name in ("bora", "b0ra", "bo\ufe0fra"):
        assert accounts.authenticate(store, HASHER, name, PASSWORD).name == name
        assert account_state.set_role(store, name, "admin").name == name
    with pytest.raises(Conflict):
        accounts.create(store, HASHER, "B0RA", PASSWORD)
    assert accounts.create(store, HASHER, "dan", PASSWORD).name == "dan"


def test_of_two_names_from_before_that_look_alike_the_other_stays_taken(store):
    for name in ("bora", "b0ra"):
        make_as_before(store, name)
    accounts.create(store, HASHER, "dan", PASSWORD)
    # The index has one of them only: the first in the alphabet.
    profile.change(store, people.find_by_name(store, "b0ra").user_id, {"name": "sora"})
    let_pass(store, "b0ra", profile.NAME_KEPT_MS)
    with pytest.raises(Conflict):
        accounts.create(store, HASHER, "bora", PASSWORD)
    with pytest.raises(Conflict):
        profile.change(store, people.find_by_name(store, "dan").user_id, {"name": "bora"})


@pytest.mark.parametrize("name", ["ᴀɴɴɪᴇ", "anni\u0307e", "ĸo", "ann\u0345ie"])
def test_a_name_that_would_not_be_given_any_more_goes_on_working(store, name):
    make_as_before(store, name)
    store.redis.hset("maru:skeletons", "", "1")
    assert accounts.authenticate(store, HASHER, name, PASSWORD).name == name
    with pytest.raises((Conflict, Invalid)):
        accounts.create(store, HASHER, name, PASSWORD)
    assert accounts.create(store, HASHER, "dan", PASSWORD).name == "dan"


def test_another_way_of_making_skeletons_makes_the_index_anew(store):
    accounts.create(store, HASHER, "bora", PASSWORD)
    store.redis.delete("maru:skeletons")
    store.redis.hset("maru:skeletons", mapping={"": "0", "dan": "somebody else"})
    with pytest.raises(Conflict):
        accounts.create(store, HASHER, "b0ra", PASSWORD)
    assert accounts.create(store, HASHER, "dan", PASSWORD).name == "dan"
