"""Questions to the live routes, as the components in the browser put them."""

import json
import struct

import numpy as np

from pages.api import auth


def ask(client, run, route, values=None, token=None, headers=None, content=None, **query):
    """The response of ``/live/route``; ``values``: codes or positions, sent as raw float32."""
    query = {"t": auth.sign(run.id) if token is None else token, "map": "PCA", **query}
    if values is None and content is None:
        return client.get(f"/live/{route}", params=query, headers=headers)
    body = content if content is not None else np.asarray(values, "<f4").tobytes()
    return client.post(f"/live/{route}", params=query, headers=headers, content=body)


def parse(response) -> tuple[dict, bytes]:
    """The head of an answer, and the bytes after it."""
    assert response.status_code == 200, response.text
    length = struct.unpack("<I", response.content[:4])[0]
    return json.loads(response.content[4 : 4 + length]), response.content[4 + length :]
