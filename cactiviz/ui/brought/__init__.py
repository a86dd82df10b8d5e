"""What people brought to the app, kept by browser: pictures and networks of their own."""
