"""What only the one who made the sample can know. Written apart from the workspace; nothing of the warehouse reads it."""
