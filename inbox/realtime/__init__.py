"""From a fact to every open browser: subscribers poke, a notifier carries, a listener renders once, consumers forward.

A frame may be lost; a page that missed one asks for a fresh state. Nothing here decides anything.
"""
