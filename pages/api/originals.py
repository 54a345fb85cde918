"""Pictures of an upload at full size: a link opens one in a tab of its own.

A link is signed like every other question: for a run it is answered to whoever may see the run, for
a dataset to whose it is. What comes is always a picture that was encoded here, never the file.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lvm_core.datasets.originals import has_originals, original
from lvm_core.io.files import StoreError
from lvm_core.runs.workspace import is_id

from ..session import identity
from ..session.data import Data
from ..session.run import Run
from ..session.services import services
from .auth import (
    Claim,
    HttpError,
    asker,
    check_allowed,
    claim_of,
    compute,
    is_data,
    same_origin,
    sign,
)

_DATA = "data-"  # how the subject of a token for a dataset begins


def links(item: Data | Run, rows) -> list[str] | None:
    """Where these rows of a dataset, or of that of a run, are seen at full size; None where there
    is nothing more to see.
    """
    data = item.data if isinstance(item, Run) else item
    if not (data.stored and has_originals(data.dataset.source)):
        return None
    if services().workspace.upload_path(data.id) is None:
        return None
    token = sign(item.id if isinstance(item, Run) else _DATA + item.id)
    return [f"live/original?t={token}&i={int(row)}" for row in rows]


def _dataset(claim: Claim) -> str:
    """The id of the dataset that a token is about. Raises HttpError where its person may not see
    it (any more).
    """
    if not (claim.subject.startswith(_DATA) or is_data(claim.subject)):
        check_allowed(claim)
        return services().workspace.run(claim.subject).dataset
    id = claim.subject.removeprefix(_DATA)
    if not is_id(id) or not (services().workspace.dataset_folder(id) / "dataset.json").exists():
        raise HttpError(404, "This dataset is not here any more.")
    if not identity.owns("datasets", id, claim.person):
        raise HttpError(403, "This dataset is not yours; ask whose it is.")
    return id


def _answer(asked: tuple[Path, dict, int]) -> Response:
    data, media_type = original(*asked)
    return Response(
        data,
        media_type=media_type,
        headers={
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f'inline; filename="row-{asked[2]}.{media_type[6:]}"',
        },
    )


async def _original(request: Request) -> Response:
    """The picture of row ``i``."""

    def asked(_: bytes) -> tuple[Path, dict, int]:
        id, row = _dataset(claim), request.query_params.get("i", "")
        try:
            head, upload = (
                services().workspace.dataset_head(id),
                services().workspace.upload_path(id),
            )
        except StoreError:
            raise HttpError(404, "This dataset is not here any more.") from None
        if not (row.isascii() and row.isdecimal() and len(row) < 10):
            raise HttpError(400, "i must be a row number.")
        if upload is None:
            raise HttpError(404, "The file this dataset was read from is not here any more.")
        return upload, dict(head.get("source") or {}), int(row)

    try:
        same_origin(request)
        claim = claim_of(request)
        return await compute(_answer, asked, b"", asker(claim, request), claim.person)
    except HttpError as error:
        return PlainTextResponse(
            error.sentence, error.status, headers={"X-Content-Type-Options": "nosniff"}
        )


routes = [Route("/live/original", _original, methods=["GET"])]
