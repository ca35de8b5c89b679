"""The ceremonies of WebAuthn Level 3, through py_webauthn."""
