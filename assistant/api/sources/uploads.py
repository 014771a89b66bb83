"""Files that people send, and take out again."""

import asyncio
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.sources.lines import LINES, assistant_of, refreshed, refresher_of, streamed
from assistant.errors import SourceError
from assistant.progress import Progress
from assistant.records.sources import KnowledgeSource, SourceOptions
from assistant.sources.refresh import Refreshed
from assistant.sources.register import named
from assistant.sources.uploads import UploadFolder, checked
from assistant.wire.sources import RefreshedView, UploadedFilesView, UploadedFileView

UPLOADS: Final = "Uploads"
"""What files are put under where nobody says."""
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file, as it is.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_Name = Annotated[str, Query(min_length=1, max_length=200)]

router = APIRouter(prefix="/v1/knowledge", route_class=JsonRoute)


@router.post("/uploads", response_class=Response, responses=LINES, openapi_extra=_BODY)
async def upload(
    request: Request,
    name: _Name,
    source: Annotated[str, Query(min_length=1, max_length=100)] = UPLOADS,
    audience: Annotated[str, Query(min_length=1, max_length=100)] = "public",
    language: Annotated[str, Query(max_length=40)] = "",
) -> StreamingResponse:
    """Keep a file and index it; streams as a refresh does.

    name: of the file; one of the same name is replaced. source: under which name files are kept
    together; audience and language count where that is new.
    """
    body = await request.body()
    options = SourceOptions(audience=audience, language=language)
    root = named(source)
    file = checked(name)
    await asyncio.to_thread(_keep, request, root, options, file, body)

    def work(progress: Progress) -> Refreshed:
        return refreshed(request, root, progress, wait=True)

    return streamed(request, work)


@router.get("/sources/{name}/files")
async def files(request: Request, name: str) -> UploadedFilesView:
    """List the files that were sent for a source of uploads."""
    folder = await asyncio.to_thread(_folder, request, name)
    found = await asyncio.to_thread(folder.files)
    return UploadedFilesView(files=tuple(UploadedFileView.model_validate(file) for file in found))


@router.delete("/sources/{name}/files/{file}")
async def take_out(request: Request, name: str, file: str) -> RefreshedView:
    """Take a file out, and its passages."""
    folder = await asyncio.to_thread(_folder, request, name)
    await asyncio.to_thread(folder.take_out, file)
    ignored = partial(refreshed, request, name, lambda *_: None, wait=True)
    done = await asyncio.to_thread(ignored)
    changes = done.changes
    return RefreshedView(
        outcome=done.outcome, added=changes.added, kept=changes.kept, removed=changes.removed
    )


def _keep(request: Request, root: str, options: SourceOptions, file: str, body: bytes) -> None:
    refresher = refresher_of(request)
    known = refresher.store.find(root)
    if not body:
        raise SourceError(f"{file} is empty.")
    source = refresher.register.uploads(root, options)
    _folder_of(request, source).put(file, body)
    if known is None:
        note = assistant_of(request).log.note
        note(caller(request).name, "source added", root, {"kind": "upload"})


def _folder(request: Request, name: str) -> UploadFolder:
    source = refresher_of(request).store.get(name)
    if source.kind != "upload":
        raise SourceError(f"{name} has no files of its own: it is read from elsewhere.")
    return _folder_of(request, source)


def _folder_of(request: Request, source: KnowledgeSource) -> UploadFolder:
    return UploadFolder.of(assistant_of(request).settings.data_dir, source.id)
