"""Who the entities truly are: as varied and as alike as people are, and nobody real."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from pipelines.sample.identity_numbers import citizen_numbers, credit_codes, telephone_numbers
from pipelines.sample.population import words
from pipelines.sample.population.entities import Entities, make_entities
from pipelines.sample.population.people import PHONES_AN_ENTITY, describe
from pipelines.sample.timeline import Timeline

CHINESE = r"^[\x{4e00}-\x{9fff}]+$"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def has_right_check(number: str) -> bool:
    """GB 11643 or GB 32100, whichever the number could be."""
    if number[0] != "0":
        total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(number[:17]))
        return (total + ALPHABET.index(number[17])) % 31 == 0 or (is_citizens(number) and weighed(number) == 1)
    return is_citizens(number) and weighed(number) == 1


def is_citizens(number: str) -> bool:
    return re.fullmatch(r"\d{10}(0[1-9]|1[0-2])\d{5}[\dX]", number) is not None


def weighed(number: str) -> int:
    return sum("0123456789X".index(character) << (17 - place) for place, character in enumerate(number)) % 11


@pytest.fixture(scope="module")
def entities() -> Entities:
    return make_entities(5, 3, 30_000, 10_000, Timeline(24))


@pytest.fixture(scope="module")
def people(entities: Entities) -> pl.DataFrame:
    return describe(3, 5, entities)


def test_the_same_seed_describes_the_same_people(entities: Entities, people: pl.DataFrame) -> None:
    assert describe(3, 5, entities).equals(people)
    assert not describe(4, 5, entities)["birth_date"].equals(people["birth_date"])
    assert not describe(3, 6, entities)["birth_date"].equals(people["birth_date"])


def test_everybody_is_described_in_the_order_of_the_entities(entities: Entities, people: pl.DataFrame) -> None:
    assert people["entity"].to_list() == list(range(30_000, 40_000))
    assert people["is_organisation"].to_numpy().tolist() == entities.is_organisation.tolist()
    assert (people["gender"].drop_nulls() == "female").to_numpy().tolist() == entities.is_woman[~entities.is_organisation].tolist()


def test_most_people_have_a_name_of_their_own_and_the_commonest_is_borne_by_several(people: pl.DataFrame) -> None:
    names = people.filter(~pl.col("is_organisation") & ~pl.col("is_latin")).select(name=pl.col("family_zh") + pl.col("given_zh"))["name"]
    assert 0.7 < names.n_unique() / len(names) < 0.97
    commonest = names.value_counts(sort=True)["count"][0]
    assert 5 < commonest < 60
    wang = (names.str.head(1) == "王").mean()
    assert isinstance(wang, float)
    assert 0.05 < wang < 0.10


def test_companies_are_hardly_ever_called_the_same(people: pl.DataFrame) -> None:
    companies = people.filter(pl.col("is_organisation")).select("town_latin", "stem_latin", "trade_latin", "suffix_latin")
    assert companies.n_unique() / len(companies) > 0.98


def test_chinese_names_are_chinese_and_have_their_pinyin(people: pl.DataFrame) -> None:
    chinese = people.filter(~pl.col("is_organisation") & ~pl.col("is_latin"))
    for column in ("family_zh", "given_zh", "slip_zh"):
        assert chinese[column].str.contains(CHINESE).all(), column
    for column in ("family_latin", "given_latin", "family_other"):
        assert chinese[column].str.contains(r"^[A-Z][a-z]+$").all(), column
    assert (chinese["slip_zh"] != chinese["given_zh"]).all()
    assert (chinese["slip_zh"].str.len_chars() == chinese["given_zh"].str.len_chars()).all()
    latin = people.filter(pl.col("is_latin"))
    assert latin["family_zh"].null_count() == latin["stem_zh"].null_count() == len(latin)


def test_the_old_have_other_given_names_than_the_young(people: pl.DataFrame) -> None:
    old = people.filter(pl.col("birth_date").dt.year() < 1988)["given_zh"]
    young = people.filter(pl.col("birth_date").dt.year() >= 1988)["given_zh"]
    assert (old == "建国").sum() > 3 * (young == "建国").sum()
    assert (young == "浩然").sum() > 3 * (old == "浩然").sum()


def test_everybody_was_of_age_at_the_registration(entities: Entities, people: pl.DataFrame) -> None:
    days = pl.Series(entities.registered).cast(pl.Date) - people["birth_date"]
    years = days.dt.total_days().drop_nulls() / 365.25
    assert float(str(years.min())) >= 18.0
    assert float(str(years.max())) < 79.0
    assert people.filter("is_organisation")["birth_date"].null_count() == people["is_organisation"].sum()


def test_no_identity_number_could_be_somebodys(people: pl.DataFrame) -> None:
    assert not any(has_right_check(number) for number in people["national_id"])
    assert people["national_id"].n_unique() == len(people)
    persons = people.filter(~pl.col("is_organisation"))
    assert (persons["national_id"].str.slice(6, 8) == persons["birth_date"].dt.strftime("%Y%m%d")).all()
    assert (persons["national_id"].str.head(2) == "00").all()


def test_mail_goes_nowhere_and_nobody_shares_an_address(people: pl.DataFrame) -> None:
    everything = pl.concat([people["email"], people["email_other"]])
    assert everything.n_unique() == len(everything)
    assert everything.str.contains(r"^[a-z]+[a-z._]*[0-9]+@example\.(com|net|org)$").all()


def test_a_tenth_of_the_organisations_belong_to_an_earlier_one(people: pl.DataFrame) -> None:
    parents = people.with_row_index("place").filter(pl.col("parent").is_not_null())
    assert (parents["parent"] < parents["place"]).all(), "so that there is no cycle"
    assert people["is_organisation"].gather(parents["parent"]).all()
    assert parents["is_organisation"].all()
    assert 0.07 < len(parents) / people["is_organisation"].sum() < 0.13


def test_two_million_entities_get_different_numbers() -> None:
    serial = np.arange(0, 2_000_000, 13)
    born = np.full(len(serial), np.datetime64("1980-02-29"))
    assert citizen_numbers(born, serial).n_unique() == credit_codes(serial).n_unique() == len(serial)
    assert 2_000_000 * PHONES_AN_ENTITY <= 10**8, "beyond, two would have the same telephone"


def test_a_telephone_number_reads_the_same_however_it_is_written() -> None:
    serial = np.arange(500)
    written = [telephone_numbers(serial, np.full(500, way)) for way in range(3)]
    plain = [numbers.str.replace_all(r"^\+86|[ -]", "") for numbers in written]
    assert plain[0].equals(plain[1])
    assert plain[0].equals(plain[2])
    assert plain[0].str.contains(r"^127\d{8}$").all()
    assert written[1][0] != written[2][0] != written[0][0]


def test_the_words_have_all_their_forms() -> None:
    assert all(len(entry) == 4 and entry[0] != entry[3] for entry in words.SURNAMES)
    assert len({entry[0] for entry in words.SURNAMES}) == len(words.SURNAMES) >= 95
    assert all(re.fullmatch(r"\w[A-Z][a-z]*\w", "".join(entry)) and entry[0] != entry[2] for entry in words.GIVEN)
    assert len({entry[0] for entry in words.GIVEN}) == len(words.GIVEN) >= 110
    assert all(stem[0] != stem[-1] and stem[1:-1].isascii() for stem in (*words.STEM_FRONTS, *words.STEM_BACKS))
    assert all(len(entry) == 5 for entry in words.TRADES)
    assert len(words.TOWNS) == words.TOWNS_OF_REGION * len(words.REGIONS)
    for names in (*words.LATIN_MEN, *words.LATIN_WOMEN, *words.LATIN_SURNAMES):
        assert names.translate(words.WITHOUT_ACCENTS).isascii(), names
