"""What several use cases share: steps on their way, none of them a use case of its own."""
