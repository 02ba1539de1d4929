"""What keeps a delivery from being taken in, said twice: to the person who runs the warehouse, and to the ledger, which is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path


class DeliveryError(ClienteleError):
    """A delivery that cannot be taken in.

    Attributes:
        reason: The fault for the ledger: without the file's place on this machine and without anything that was read from the file, since
            a file without a header line has names of people where its column names should be.
    """

    def __init__(self, path: Path, reason: str, advice: str, found: str = "") -> None:
        """Say what is wrong.

        Args:
            path: The delivered file.
            reason: What is wrong with it, for the person and for the ledger.
            advice: What to do.
            found: What was found in the file, for the person alone; follows the reason.
        """
        super().__init__(f"{path}: {reason}{found}; {advice}.")
        self.reason = reason
