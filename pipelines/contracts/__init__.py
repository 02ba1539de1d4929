"""What the warehouse takes in: one contract a record type, and everything that follows from it as text."""
