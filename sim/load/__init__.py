"""The same customers, sent to a real helpdesk."""
