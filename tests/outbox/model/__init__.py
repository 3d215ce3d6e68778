"""The relay's protocol in small: a model that is explored to its last state, and held against the real engine.

Read in this order: `world` (what there is), `rules` (the guards, each of which can be left out), `steps` (what may
happen next), `promises` (what must hold), `exploring` (every interleaving), `replaying` (the same steps on PostgreSQL).
"""
