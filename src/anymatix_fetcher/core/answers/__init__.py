"""What a server's answer means: the judge, reactions to refusals, addresses that expire, explanations. Pure."""
