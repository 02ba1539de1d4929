"""Who the entities truly are: names, birth date, identity number, trade. What the registers make of it is in `written`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers, stream
from pipelines.sample.identity_numbers import citizen_numbers, credit_codes
from pipelines.sample.population import words
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.names import draw_companies, draw_persons

PHONES_AN_ENTITY: Final = 48  # telephone serials set aside for each, the first one for the number it had before the sample begins
_PARENT_SHARE: Final = 0.1  # of the organisations belong to another one
_YOUNGEST, _AGE_SPAN = 18 * 366, 60 * 365  # days


def describe(chunk_index: int, seed: int, entities: Entities) -> pl.DataFrame:
    """The true identity of each entity of a chunk, one row each in their order.

    Args:
        chunk_index: Number of the chunk.
        seed: Decides every draw.
        entities: The entities.

    Returns:
        entity (global number), is_organisation, is_latin, the columns of `names.draw_persons` (null for organisations) and of
        `names.draw_companies` (null for persons), birth_date, gender (female, male; null for organisations), national_id (of nobody: see
        `identity_numbers`), email and email_other (null never), occupation (null for organisations), language (zh, en), parent (position
        in the chunk of the organisation to which it belongs, always an earlier one, so that there is no cycle; null for the others).
    """
    rng = stream(seed, "names", chunk_index)
    count = entities.count
    age = _YOUNGEST + (_AGE_SPAN * rng.random(count) * (0.4 + 0.6 * rng.random(count))).astype(np.int64)
    born = entities.registered.astype("datetime64[D]") - age.astype("timedelta64[D]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    persons = draw_persons(rng, entities.is_latin, entities.is_woman, year)
    companies = draw_companies(rng, entities.is_latin, entities.region)
    occupation = _occupations(rng, age // 365)
    parent = _parents(rng, entities.is_organisation)
    number = entities.number
    organisation = pl.lit(pl.Series(entities.is_organisation))
    gender = pl.Series(("male", "female")).gather(pl.Series(entities.is_woman.astype(np.int64)))
    described = pl.concat(
        [persons.select(pl.when(~organisation).then(pl.all())), companies.select(pl.when(organisation).then(pl.all()))], how="horizontal"
    ).with_columns(
        entity=pl.Series(number),
        is_organisation=pl.Series(entities.is_organisation),
        is_latin=pl.Series(entities.is_latin),
        birth_date=pl.when(~organisation).then(pl.Series(born).cast(pl.Date)),
        gender=pl.when(~organisation).then(gender),
        national_id=pl.when(organisation).then(credit_codes(number)).otherwise(citizen_numbers(born, number)),
        occupation=pl.when(~organisation).then(occupation),
        language=pl.when(pl.Series(entities.is_latin)).then(pl.lit("en")).otherwise(pl.lit("zh")),
        parent=pl.when(pl.Series(parent >= 0)).then(pl.Series(parent)),
    )
    return _with_mail(described, rng.integers(0, 4, count), rng.integers(0, len(words.MAIL_DOMAINS), count))


def _with_mail(described: pl.DataFrame, way: Integers, domain: Integers) -> pl.DataFrame:
    """Adds email and email_other. The digits at the end are another number for every entity, so that nobody shares an address."""
    tail = ((pl.col("entity") * 7_919 + 31) % 2_000_000).cast(pl.String)
    given = pl.col("given_plain").str.to_lowercase()
    family = pl.when("is_latin").then("family_other").otherwise("family_latin").str.to_lowercase().str.replace_all("'", "", literal=True)
    stem, way_of = pl.col("stem_latin").str.to_lowercase(), pl.lit(pl.Series(way))
    local = (
        pl.when("is_organisation")
        .then(pl.concat_str(pl.when(way_of < 2).then(pl.lit("office.")).otherwise(pl.lit("info.")), stem))
        .when(way_of == 0)
        .then(pl.concat_str(given, pl.lit("."), family))
        .when(way_of == 1)
        .then(pl.concat_str(family, given))
        .when(way_of == 2)
        .then(pl.concat_str(given.str.head(1), family))
        .otherwise(pl.concat_str(family, pl.lit("."), given))
    )
    other = pl.when("is_organisation").then(stem).otherwise(pl.concat_str(family, pl.lit("_"), given.str.head(1)))
    at = pl.concat_str(pl.lit("@"), pl.lit(pl.Series(words.MAIL_DOMAINS).gather(pl.Series(domain))))
    return described.with_columns(email=pl.concat_str(local, tail, at), email_other=pl.concat_str(other, pl.lit("_"), tail, at))


def _occupations(rng: np.random.Generator, years: Integers) -> pl.Series:
    """An occupation each: most people over 60 are retired, those under 23 mostly study."""
    count, last = len(years), len(words.OCCUPATIONS)
    any_of = (last * rng.random(count) * rng.random(count)).astype(np.int64)
    fits_age = rng.random(count) < 0.75
    retired, student = words.OCCUPATIONS.index("retired"), words.OCCUPATIONS.index("student")
    chosen = np.where(fits_age & (years >= 60), retired, np.where(fits_age & (years < 23), student, any_of))
    is_odd = ((chosen == retired) & (years < 50)) | ((chosen == student) & (years > 35))
    return pl.Series(words.OCCUPATIONS).gather(pl.Series(np.where(is_odd, 0, chosen)))


def _parents(rng: np.random.Generator, is_organisation: Booleans) -> Integers:
    """For a tenth of the organisations the position of an earlier one, the early ones more often; -1 for everybody else."""
    parent = np.full(len(is_organisation), -1, dtype=np.int64)
    places = np.flatnonzero(is_organisation)
    rank = np.arange(len(places))
    above = (rank * rng.random(len(places)) * rng.random(len(places))).astype(np.int64)
    owned = (rng.random(len(places)) < _PARENT_SHARE) & (rank > 0)
    parent[places[owned]] = places[above[owned]]
    return parent
