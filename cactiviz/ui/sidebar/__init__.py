"""What is asked in the sidebar: picture, networks, methods, class and layers."""
