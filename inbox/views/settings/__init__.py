"""Settings of the team's work: labels, quick replies, teams, and what happens by itself."""
