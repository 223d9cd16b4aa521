"""The scenario file: read strictly, checked, lowered to what the engines read."""
