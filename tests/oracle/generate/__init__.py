"""The generators of the oracle cases, one file a subject; `common.py` holds what they share."""
