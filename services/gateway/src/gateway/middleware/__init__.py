"""What a request passes on its way in, one layer a module, none of it touching more than it must."""
