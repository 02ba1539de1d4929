"""How each delivering system tells what happened: numbers, labels, formats, files. One module a system; `feeds` lists them all."""
