"""Pages and fragments of the inbox: each asks `access`, calls one service or selector, and draws."""
