"""The state machine of one download: requests, coverage, segments, matching, proof, mirrors. Pure."""
