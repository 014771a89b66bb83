"""The arms of a running server.

To add one is to name a file or a variable on this machine and an address to send questions to.
"""

import asyncio

from fastapi import APIRouter, Request

from assistant.api.entry.auth import signed
from assistant.arms.registrar import NewArm, Registrar
from assistant.assistant import Assistant
from assistant.wire.arms import ArmRemoved, ArmRequest, ArmsView, ArmView

router = APIRouter(prefix="/v1/arms")


@router.get("")
async def arms(request: Request) -> ArmsView:
    """List the arms."""
    return await asyncio.to_thread(_registrar(request).list)


@router.post("", status_code=201)
async def add(request: Request, wanted: ArmRequest) -> ArmView:
    """Check an arm and take it in; questions meanwhile wait and are answered afterwards."""
    new = NewArm(**wanted.model_dump(exclude={"by"}))
    return await _registrar(request).add(new, signed(request, wanted.by))


@router.get("/{name}")
async def show(request: Request, name: str) -> ArmView:
    """Return one arm."""
    return await asyncio.to_thread(_registrar(request).show, name)


@router.delete("/{name}")
async def remove(request: Request, name: str, by: str = "owner") -> ArmRemoved:
    """Take an arm out."""
    return await _registrar(request).remove(name, signed(request, by))


def _registrar(request: Request) -> Registrar:
    assistant: Assistant = request.app.state.assistant
    return assistant.lineup.registrar
