"""Who the entities truly are: names, birth date, identity number, trade. What the registers make of it is in `written`."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.chance import Booleans, Integers, Times, stream
from pipelines.sample.identity_numbers import PERSONS_A_DAY, citizen_numbers, credit_codes
from pipelines.sample.population import words
from pipelines.sample.population.entities import Entities
from pipelines.sample.population.names import draw_companies, draw_persons, with_mails

PHONES_AN_ENTITY: Final = 48  # telephone serials set aside for each, the first one for the number it had before the sample begins
_PARENT_SHARE: Final = 0.1  # of the organisations belong to another one
_YOUNGEST, _AGE_SPAN, _DAYS_A_YEAR = 18 * 366, 60 * 365, 366  # days
PLACES_A_CHUNK: Final = 500  # far more than persons of one sex born on one day among ten thousand
_SHARING, _SHARING_MAIL = 0.03, 0.4  # of the persons share a telephone; of those, an e-mail as well
_FITS_AGE: Final = 0.75


def describe(chunk_index: int, seed: int, entities: Entities, town: Integers | None = None) -> pl.DataFrame:
    """The true identity of each entity of a chunk, one row each in their order.

    Args:
        chunk_index: Number of the chunk.
        seed: Decides every draw.
        entities: The entities.
        town: Positions of the towns in which they live at the start, for the names of companies; without it, any town of their region.

    Returns:
        entity (global number), is_organisation, is_latin, the columns of `names.draw_persons` (null for organisations) and of
        `names.draw_companies` (null for persons), birth_date, gender (female, male; null for organisations), national_id (of nobody: see
        `identity_numbers`; no two have the same, up to 200 chunks), email and email_other (null never; shared by a few: within a family or
        office, and by some who bear the same name), occupation (null for organisations), language (zh, en), parent (position in the chunk
        of the organisation to which it belongs, always an earlier one, so that there is no cycle; null for the others), phone_of (position
        of the entity whose telephone it has: mostly its own).
    """
    rng = stream(seed, "names", chunk_index)
    count = entities.count
    age = _YOUNGEST + (_AGE_SPAN * rng.random(count) * (0.4 + 0.6 * rng.random(count))).astype(np.int64)
    registered = entities.registered.astype("datetime64[D]")
    born = registered - age.astype("timedelta64[D]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    persons = draw_persons(rng, entities.is_latin, entities.is_woman, year)
    companies = draw_companies(rng, entities.is_latin, entities.region, town)
    # The clerks ask again: what somebody does fits the age at the last registration of all, not the age at the own one.
    occupation = _occupations(rng, (registered.astype(np.int64).max(initial=0) - born.astype(np.int64)) // _DAYS_A_YEAR)
    parent = _parents(rng, entities.is_organisation)
    organisation = pl.lit(pl.Series(entities.is_organisation))
    gender = pl.Series(("male", "female")).gather(pl.Series(entities.is_woman.astype(np.int64)))
    described = pl.concat(
        [persons.select(pl.when(~organisation).then(pl.all())), companies.select(pl.when(organisation).then(pl.all()))], how="horizontal"
    ).with_columns(
        entity=pl.Series(entities.number),
        is_organisation=pl.Series(entities.is_organisation),
        is_latin=pl.Series(entities.is_latin),
        birth_date=pl.when(~organisation).then(pl.Series(born).cast(pl.Date)),
        gender=pl.when(~organisation).then(gender),
        national_id=pl.when(organisation)
        .then(credit_codes(entities.number))
        .otherwise(citizen_numbers(born, place_of_day(chunk_index, born, entities.is_woman), entities.is_woman)),
        occupation=pl.when(~organisation).then(occupation),
        language=pl.when(pl.Series(entities.is_latin)).then(pl.lit("en")).otherwise(pl.lit("zh")),
        parent=pl.when(pl.Series(parent >= 0)).then(pl.Series(parent)),
    )
    with_phone, with_mail = _sharing(rng, entities.is_organisation)
    return with_mails(described, rng).with_columns(phone_of=pl.Series(with_phone), email=pl.col("email").gather(pl.Series(with_mail)))


def place_of_day(chunk_index: int, born: Times, is_woman: Booleans) -> Integers:
    """Of each the place among those of one sex born on one day: every chunk has places of its own, so that up to 200 chunks no two meet."""
    shared = pl.DataFrame({"born": born.astype("datetime64[D]"), "is_woman": is_woman})
    place = shared.select(pl.int_range(pl.len(), dtype=pl.Int64).over("born", "is_woman")).to_series().to_numpy()
    return np.asarray((chunk_index * PLACES_A_CHUNK + place % PLACES_A_CHUNK) % PERSONS_A_DAY)


def _sharing(rng: np.random.Generator, is_organisation: Booleans) -> tuple[Integers, Integers]:
    """Of each entity the position of that whose telephone and of that whose e-mail it has: some persons those of the one before them."""
    count = len(is_organisation)
    shares = (rng.random(count) < _SHARING) & ~is_organisation
    shares[:1] = False
    shares[1:] &= ~shares[:-1].copy()  # whose number another one has must have it itself
    own = np.arange(count, dtype=np.int64)
    return own - shares, own - (shares & (rng.random(count) < _SHARING_MAIL))


def _occupations(rng: np.random.Generator, years: Integers) -> pl.Series:
    """An occupation each: nobody studies above 25 or is retired below 57, nobody is employed above 64, and nobody heals below 25."""
    count, last = len(years), len(words.OCCUPATIONS)
    any_of = (last * rng.random(count) * rng.random(count)).astype(np.int64)
    fits_age = rng.random(count) < _FITS_AGE
    retired, student, employee = (words.OCCUPATIONS.index(name) for name in ("retired", "student", "employee"))
    chosen = np.where(fits_age & (years >= 60), retired, np.where(fits_age & (years < 23), student, any_of))
    is_trained = np.isin(chosen, [words.OCCUPATIONS.index(name) for name in words.TRAINED])
    is_independent = np.isin(chosen, [words.OCCUPATIONS.index(name) for name in words.WITHOUT_AN_END])
    is_odd = ((chosen == retired) & (years < 57)) | ((chosen == student) & (years > 25)) | (is_trained & (years < 25))
    chosen = np.where((years > 64) & ~is_independent, retired, np.where(is_odd, employee, chosen))
    return pl.Series(words.OCCUPATIONS).gather(pl.Series(chosen))


def _parents(rng: np.random.Generator, is_organisation: Booleans) -> Integers:
    """For a tenth of the organisations the position of an earlier one, the early ones more often; -1 for everybody else."""
    parent = np.full(len(is_organisation), -1, dtype=np.int64)
    places = np.flatnonzero(is_organisation)
    rank = np.arange(len(places))
    above = (rank * rng.random(len(places)) * rng.random(len(places))).astype(np.int64)
    owned = (rng.random(len(places)) < _PARENT_SHARE) & (rank > 0)
    parent[places[owned]] = places[above[owned]]
    return parent
