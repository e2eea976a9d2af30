"""One download: requests, coverage, segments, sameness, proof, mirrors. Pure: it decides and does nothing."""
