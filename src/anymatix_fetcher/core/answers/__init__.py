"""The meaning of responses: the judge, reactions to refusals, expiring URLs, explanations. Pure."""
