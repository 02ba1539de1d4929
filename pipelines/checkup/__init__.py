"""What a delivered file would come to, said before anything runs; and, for a file that no source describes, a source proposed.

Nothing in a workspace is changed: what has to be tried is tried in a workspace of its own, which is removed.
"""
