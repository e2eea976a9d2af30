"""The only package that chooses implementations: composition, environment, credentials, signing, the library."""
