"""The app's front door: which requests come in, what every answer says, and how much is taken.

Streamlit's own server has no settings for most of this, so it is done by ASGI middleware, which
``streamlit.App`` takes. Nothing here imports torch or the rest of cactiviz: a request is refused
as quickly as the server starts.
"""

from cactiviz.ui.server.door import middleware, sessions

__all__ = ["middleware", "sessions"]
