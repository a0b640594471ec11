"""The rules of sign-in, sessions and keys: no SQL, no gRPC, no framework."""
