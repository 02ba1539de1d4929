"""One entity in several registers: recognisable, written otherwise, and what was changed is known."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from pipelines.sample.population.addresses import CHINESE, LATIN, addresses, earlier_address
from pipelines.sample.population.entities import make_entities
from pipelines.sample.population.memberships import HARBOUR, LEASING, MAIN, TWICE
from pipelines.sample.population.people import describe
from pipelines.sample.population.written import KEY_ACCOUNT, RATES, written
from pipelines.sample.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNT = 6_000
HAN = r"[\x{4e00}-\x{9fff}]"


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return describe(0, 5, make_entities(5, 0, 0, COUNT, Timeline(24)))


@pytest.fixture(scope="module")
def registers(people: pl.DataFrame) -> Mapping[int, pl.DataFrame]:
    """Everybody in every register."""
    every = np.arange(COUNT)
    hidden = people.select("entity", "is_latin", "syllable_1", "syllable_2", "given_latin", "family_latin", true_birth="birth_date")
    return {
        slot: pl.concat([written(5, slot, people, every, np.full(COUNT, slot)), hidden], how="horizontal")
        for slot in (MAIN, TWICE, HARBOUR, LEASING, KEY_ACCOUNT)
    }


def has(label: str) -> pl.Expr:
    return pl.col("variations").str.split("+").list.contains(label)


def share(frame: pl.DataFrame, condition: pl.Expr) -> float:
    return len(frame.filter(condition)) / len(frame)


def test_the_same_seed_writes_the_same(people: pl.DataFrame) -> None:
    every = np.arange(COUNT)
    one, other = (written(5, 0, people, every, np.full(COUNT, HARBOUR)) for _ in range(2))
    assert one.equals(other)
    assert not written(5, 1, people, every, np.full(COUNT, HARBOUR)).equals(one)


def test_the_main_record_is_as_the_entity_is(people: pl.DataFrame, registers: Mapping[int, pl.DataFrame]) -> None:
    chinese = registers[MAIN].filter(~pl.col("is_organisation") & ~pl.col("is_latin"))
    true = people.filter(~pl.col("is_organisation") & ~pl.col("is_latin"))
    assert chinese["name"].equals((true["family_zh"] + true["given_zh"]).alias("name"))
    assert not registers[MAIN].filter("is_latin")["name"].str.contains(HAN).any()
    labels = set("+".join(registers[MAIN]["variations"]).split("+")) - {""}
    assert labels == {"no_id", "no_birth_date", "no_email"}


def test_harbour_writes_latin_letters_only(registers: Mapping[int, pl.DataFrame]) -> None:
    assert not registers[HARBOUR]["name"].str.contains(HAN).any()
    leasing = registers[LEASING].filter(~pl.col("is_latin"))
    assert leasing["name"].str.contains(HAN).all()
    english = share(registers[KEY_ACCOUNT].filter(~pl.col("is_latin")), ~pl.col("name").str.contains(HAN))
    assert 0.82 < english < 0.88


@pytest.mark.parametrize("slot", [TWICE, HARBOUR, LEASING, KEY_ACCOUNT])
@pytest.mark.parametrize("variation", ["no_id", "no_email", "slip", "no_birth_date"])
def test_variations_come_at_their_rates(registers: Mapping[int, pl.DataFrame], slot: int, variation: str) -> None:
    persons = registers[slot].filter(~pl.col("is_organisation"))
    shows = has("typo") | has("homophone") if variation == "slip" else has(variation)
    assert share(persons, shows) == pytest.approx(RATES[variation][slot], abs=0.025)


def test_a_missing_value_is_labelled_and_only_that(registers: Mapping[int, pl.DataFrame]) -> None:
    for frame in registers.values():
        persons = frame.filter(~pl.col("is_organisation"))
        assert persons.filter(has("no_id") != pl.col("national_id").is_null()).is_empty()
        assert persons.filter(has("no_birth_date") != pl.col("birth_date").is_null()).is_empty()
        wrong = (pl.col("birth_date") != pl.col("true_birth")).fill_null(value=False)
        assert persons.filter(has("swapped_birth_date") != wrong).is_empty()


def test_names_at_harbour_take_many_forms(registers: Mapping[int, pl.DataFrame]) -> None:
    chinese = registers[HARBOUR].filter(~pl.col("is_organisation") & ~pl.col("is_latin"))
    plain = pl.col("variations").str.contains("^latin(\\+(no_|other_email|swapped).*)?$") & ~has("typo")
    assert chinese.filter(plain & (pl.col("name") != pl.concat_str("family_latin", pl.lit(" "), "given_latin"))).is_empty()
    assert 0.1 < share(chinese, plain) < 0.45
    for label in "given_first comma initials hyphen split upper_case other_romanisation english_name missing_part".split():
        assert share(chinese, has(label)) > 0.01, label
    assert chinese.filter(has("comma") != pl.col("name").str.contains(", ", literal=True)).is_empty()
    hyphenated = pl.col("name").str.contains("-", literal=True)
    assert chinese.filter(hyphenated & ~has("hyphen")).is_empty()
    upper = pl.col("name").str.contains(r"\b[A-Z]{2,}")
    assert chinese.filter(has("upper_case") != upper).filter(pl.col("family_latin").str.len_chars() > 1).is_empty()


def test_a_label_says_that_the_name_differs_and_none_that_it_does_not(registers: Mapping[int, pl.DataFrame]) -> None:
    main = registers[MAIN]["name"]
    of_name = (
        "typo homophone latin comma initials missing_part upper_case no_accents other_suffix no_suffix short_trade no_town brackets"
    ).split()
    for slot in (TWICE, HARBOUR, LEASING, KEY_ACCOUNT):
        frame = registers[slot].with_columns(main=main)
        labelled = pl.any_horizontal(has(label) for label in of_name)
        assert frame.filter(labelled & (pl.col("name") == pl.col("main"))).select("name", "main", "variations").rows() == []
        assert frame.filter(~labelled & (pl.col("name") != pl.col("main"))).select("name", "main", "variations").rows() == []


def test_one_entity_resembles_itself_more_than_others(registers: Mapping[int, pl.DataFrame]) -> None:
    persons = registers[HARBOUR].filter(~pl.col("is_organisation")).head(400)
    true = (persons["family_latin"] + persons["given_latin"]).str.to_lowercase()
    names = persons["name"].str.to_lowercase().str.replace_all(r"[^a-z]", "")

    def alike(shift: int) -> float:
        others = true.to_list()[shift:] + true.to_list()[:shift]
        return float(np.mean([SequenceMatcher(None, *sorted((a, b))).ratio() for a, b in zip(names, others, strict=True)]))

    assert alike(0) > alike(7) + 0.3


def test_a_place_is_the_same_however_its_address_is_written() -> None:
    region, street, house = np.array([0, 4]), np.array([123_456, 987_654]), np.array([15, 399])
    short, full = (addresses(region, street, house, np.full(2, way)) for way in (CHINESE, LATIN))
    assert short.str.contains("市.+区.+号.+栋.+室").all()
    assert full.str.contains(r"^Room \d+, Building \d+, (15|399) \w+ (Road|Street|Avenue|Lane), \w+ District, \w+$").all()
    earlier = earlier_address(street, house, np.array([True, False]))
    assert earlier[0][0] != street[0]
    assert earlier[0][0] % 2 == street[0] % 2, "the branch stays"
    assert (earlier[0][1], earlier[1][1]) == (street[1], house[1])
    drawn = np.random.default_rng(1).integers(0, 1_000_000, (2, 20_000))
    many = addresses(drawn[0] % 5, drawn[0], drawn[1] % 399 + 1, np.zeros(20_000, dtype=np.int64))
    assert many.n_unique() > 19_900
