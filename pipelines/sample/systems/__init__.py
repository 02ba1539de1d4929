"""How each delivering system tells what happened: its numbers, labels, formats and files. One module a system; `feeds` lists what they send."""
