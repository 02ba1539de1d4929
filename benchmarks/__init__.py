"""How fast, and in how much memory: plain scripts that measure beside a peer on the same machine in the same call (`make bench`)."""
