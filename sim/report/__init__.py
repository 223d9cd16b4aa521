"""What people and programs read of a result: text and JSON. Nothing is computed here."""
