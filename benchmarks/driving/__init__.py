"""What benchmarks/app.py drives the app with: a server, browsers, and the serial answers."""
