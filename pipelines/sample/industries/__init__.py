"""The industries that the generator knows."""

from typing import Final

from pipelines.sample.industries.bank import BANK
from pipelines.sample.industries.telecom import TELECOM
from pipelines.sample.industries.utility import UTILITY

INDUSTRIES: Final = {"telecom": TELECOM, "bank": BANK, "utility": UTILITY}
