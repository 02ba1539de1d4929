"""What happens to the customers and what they do about it, month by month: the causes, of which the delivered records are traces."""
