"""What a person is shown of a result: how close it is to its source, and stills of both."""
