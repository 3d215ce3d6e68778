"""Pages that need every floor."""
