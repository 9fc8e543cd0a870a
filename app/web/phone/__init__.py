"""What a phone needs to keep the app and to use it without a net."""
