"""The arms of a running server: seen by key holders, changed by its owner alone.

To add one is to name a file or a variable on this machine and an address to send questions to;
so no other key is enough for it.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from assistant.api.auth import keeper, owner
from assistant.arms.registrar import NewArm, Registrar
from assistant.assistant import Assistant

router = APIRouter(prefix="/v1/arms")

_Text = Annotated[str, Field(min_length=1, max_length=1000)]


class ArmRequest(BaseModel):
    """An arm to add; see ``NewArm``. by: who adds it."""

    model_config = ConfigDict(extra="forbid")

    name: _Text
    by: _Text
    adapter: Path | None = None
    ladder: tuple[float, ...] = ()
    base: _Text | None = None
    base_url: _Text | None = None
    model: _Text | None = None
    api_key_env: _Text | None = None
    revision: _Text = "unpinned"
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    extra_body: dict[str, Any] = {}


@router.get("", dependencies=[Depends(keeper)])
async def arms(request: Request) -> dict[str, Any]:
    """List the arms."""
    return await asyncio.to_thread(_registrar(request).list)


@router.post("", status_code=201, dependencies=[Depends(owner)])
async def add(request: Request, wanted: ArmRequest) -> dict[str, Any]:
    """Check an arm and take it in; questions meanwhile wait and are answered afterwards."""
    new = NewArm(**wanted.model_dump(exclude={"by"}))
    return await _registrar(request).add(new, wanted.by)


@router.get("/{name}", dependencies=[Depends(keeper)])
async def show(request: Request, name: str) -> dict[str, Any]:
    """Return one arm."""
    return await asyncio.to_thread(_registrar(request).show, name)


@router.delete("/{name}", dependencies=[Depends(owner)])
async def remove(request: Request, name: str, by: str = "owner") -> dict[str, Any]:
    """Take an arm out."""
    return await _registrar(request).remove(name, by)


def _registrar(request: Request) -> Registrar:
    assistant: Assistant = request.app.state.assistant
    return assistant.lineup.registrar
