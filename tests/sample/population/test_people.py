"""Who the entities truly are: as varied and as alike as people are, and nobody real."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.sample.identity_numbers import CREDIT_CODES, PERSONS_A_DAY, REGION_CODES, TELEPHONES, citizen_numbers, telephone_numbers
from pipelines.sample.population import words
from pipelines.sample.population.addresses import town_of
from pipelines.sample.population.chunks import ENTITIES_A_CHUNK
from pipelines.sample.population.entities import Entities, make_entities
from pipelines.sample.population.people import PHONES_AN_ENTITY, PLACES_A_CHUNK, describe, place_of_day
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
    assert set(persons["national_id"].str.head(6)) <= {f"00{code:04}" for code in REGION_CODES.tolist()}
    assert ((persons["national_id"].str.slice(16, 1).cast(pl.Int64) % 2 == 1) == (persons["gender"] == "male")).all()


def test_the_chunks_have_identity_numbers_of_their_own(entities: Entities, people: pl.DataFrame) -> None:
    twice = people.filter(pl.len().over("birth_date", "gender") > 1)
    assert len(twice) > 1_000, "otherwise this shows nothing"
    # The same people drawn for another chunk: the same birth dates, and yet no number comes twice.
    again = [describe(3, 5, replace(entities, first=first)) for first in (0, 30_000)]
    persons = ~pl.col("is_organisation")
    assert again[0].filter(persons)["national_id"].equals(again[1].filter(persons)["national_id"]), "the entity's number is not in it"
    born, women = entities.registered, entities.is_woman
    numbers = pl.concat([citizen_numbers(born, place_of_day(chunk, born, women), women) for chunk in range(200)])
    assert numbers.n_unique() == len(numbers) == 2_000_000


def test_mail_goes_nowhere(people: pl.DataFrame) -> None:
    persons, organisations = people.filter(~pl.col("is_organisation")), people.filter("is_organisation")
    for column in ("email", "email_other"):
        assert persons[column].str.contains(r"^[a-z]+[a-z._]*\d{0,4}@([a-z]+\.)?example\.(com|net|org)$").all()
        assert organisations[column].str.contains(r"^[a-z]+@[a-z]+\.example\.(com|net|org)$").all()
    assert (people["email"] != people["email_other"]).all()


def test_a_mail_address_is_shared_by_namesakes_and_within_families_only(people: pl.DataFrame) -> None:
    family = pl.when("is_latin").then("family_other").otherwise("family_latin")
    host = ("town_latin", "stem_latin", "trade_short_latin")
    name = pl.when("is_organisation").then(pl.concat_str(host)).otherwise(pl.concat_str(family, "given_plain"))
    called = people.with_columns(name=name.str.to_lowercase())
    own = called.filter(pl.col("phone_of") == pl.int_range(pl.len()))
    for column in ("email", "email_other"):
        shared = own.group_by(column).agg(pl.col("name").n_unique(), bearers=pl.len())
        assert shared["name"].max() == 1
        assert (shared["bearers"] > 1).sum() < 0.01 * len(people)


def test_what_stands_behind_a_name_in_an_address_tells_nothing_but_a_year(people: pl.DataFrame) -> None:
    persons = people.filter(~pl.col("is_organisation"))
    digits = persons["email"].str.extract(r"(\d+)@")
    assert 0.35 < digits.null_count() / len(persons) < 0.5
    is_year = digits == persons["birth_date"].dt.strftime("%Y")
    assert 0.09 < is_year.sum() / len(persons) < 0.14
    assert (is_year | (digits.str.len_chars() <= 3)).sum() > 0.98 * (len(digits) - digits.null_count())
    drawn = persons.with_columns(digits=digits.cast(pl.Int64)).filter(pl.col("digits") < 1_000).drop_nulls("digits")
    assert abs(np.corrcoef(drawn["digits"].rank(), drawn["entity"])[0, 1]) < 0.06


def test_some_share_the_telephone_of_the_one_before_them(people: pl.DataFrame) -> None:
    shares = people.with_row_index("place").filter(pl.col("place") != pl.col("phone_of"))
    assert 0.02 < len(shares) / len(people) < 0.035
    assert not shares["is_organisation"].any()
    assert (shares["place"] - shares["phone_of"] == 1).all()
    assert (people["phone_of"].gather(shares["phone_of"]) == shares["phone_of"]).all(), "whose number it is has it"
    with_mail = shares["email"] == people["email"].gather(shares["phone_of"])
    assert 0.3 < with_mail.sum() / len(shares) < 0.5


def test_what_somebody_does_fits_the_age(entities: Entities, people: pl.DataFrame) -> None:
    end = pl.lit(pl.Series(entities.registered).cast(pl.Date).max())
    persons = people.filter(~pl.col("is_organisation")).with_columns(years=(end - pl.col("birth_date")).dt.total_days() / 365.25)
    oldest, youngest = (dict(persons.group_by("occupation").agg(years).iter_rows()) for years in (pl.max("years"), pl.min("years")))
    assert set(oldest) == set(words.OCCUPATIONS)
    assert oldest["student"] < 26.1
    assert youngest["retired"] > 55
    assert min(youngest[name] for name in words.TRAINED) > 24
    assert all(years < 66 for name, years in oldest.items() if name not in ("retired", "farmer", "homemaker", "not_stated"))


def test_a_company_is_mostly_called_after_the_town_of_its_address(entities: Entities) -> None:
    town = town_of(entities.region, np.arange(entities.count) * 7_919)
    named = describe(3, 5, entities, town).with_columns(home=pl.Series([entry[0] for entry in words.TOWNS]).gather(pl.Series(town)))
    with_town = named.filter(pl.col("town_zh") != "")
    assert 0.5 < len(with_town) / named["is_organisation"].sum() < 0.7
    assert 0.88 < (with_town["town_zh"] == with_town["home"]).sum() / len(with_town) < 0.95


def test_a_tenth_of_the_organisations_belong_to_an_earlier_one(people: pl.DataFrame) -> None:
    parents = people.with_row_index("place").filter(pl.col("parent").is_not_null())
    assert (parents["parent"] < parents["place"]).all(), "so that there is no cycle"
    assert people["is_organisation"].gather(parents["parent"]).all()
    assert parents["is_organisation"].all()
    assert 0.07 < len(parents) / people["is_organisation"].sum() < 0.13


def test_there_are_numbers_for_two_million_entities() -> None:
    assert 2_000_000 * PHONES_AN_ENTITY <= TELEPHONES, "beyond, two would have the same telephone"
    assert CREDIT_CODES >= 2_000_000
    assert PLACES_A_CHUNK * 2_000_000 // ENTITIES_A_CHUNK <= PERSONS_A_DAY


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
