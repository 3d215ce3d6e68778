"""Domain-free tools: clock, ids, http, crypto, signing, events, paging."""
