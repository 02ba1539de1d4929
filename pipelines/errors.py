"""The one exception that is written for the person who runs the warehouse.

Anything raised as a `ClienteleError` reaches the terminal as its message and nothing else: no traceback, exit status 1. What belongs in the
message: the file, the place in it, what was found, what was expected and what to do. Programming faults are not raised as this class; they
keep their traceback.
"""


class ClienteleError(Exception):
    """A fault in what was given (a file, a source, the policy, the workspace), said in one plain sentence."""

    def __init__(self, sentence: str) -> None:
        """Take the sentence; one that ends by asking what was meant needs no full stop after the question mark."""
        super().__init__(sentence[:-1] if sentence.endswith("?.") else sentence)
