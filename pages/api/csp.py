"""What the browser may run and load on our pages: a content security policy, and its
companions, on every answer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from starlette.middleware import Middleware

from ..streamlit_patches import index_html
from . import cookies, hosts, upload_quota


@cache
def content_security_policy() -> str:
    """Only this server's own scripts, styles, pictures and connections; no other page may frame
    ours.

    Streamlit's page has one inline script, allowed by its hash; components of the second kind are
    modules of a ``blob:``; Plotly's WebGL traces compile their loops from text, which is
    ``'unsafe-eval'``. Text of users becomes neither script nor request.
    """
    inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", index_html(), re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in inline
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'unsafe-eval' {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-ancestors 'self'",
            "form-action 'self'",
            "object-src 'none'",
            "base-uri 'self'",
        )
    )


class Policy:
    """ASGI middleware that sets the headers; it touches neither bodies nor web sockets."""

    def __init__(self, app):
        self.app = app
        headers = {
            "content-security-policy": content_security_policy(),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",  # addresses hold ids and tokens
            # no other site may embed what a route answers
            "cross-origin-resource-policy": "same-origin",
        }
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.names = {name for name, _ in self.headers}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def with_headers(message):
            if message["type"] == "http.response.start":
                kept = [
                    pair for pair in message.get("headers", []) if pair[0].lower() not in self.names
                ]
                message = {**message, "headers": kept + self.headers}
            await send(message)

        await self.app(scope, receive, with_headers)


middleware = [
    Middleware(Policy),
    Middleware(hosts.Hosts),
    Middleware(upload_quota.Uploads),
    Middleware(cookies.Cookies),
]
