"""What benchmarks/attack.py does to the app: a server to attack, persons, and the attacks."""
