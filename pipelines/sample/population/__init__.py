"""Who there is: true persons and organisations with their hidden traits, and as whose customers they are registered."""
