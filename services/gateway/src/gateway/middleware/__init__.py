"""The steps of a request on its way in, one a module: None passes it on, an answer settles it."""
