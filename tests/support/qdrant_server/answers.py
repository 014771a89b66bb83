"""What the stand-in answers to each request, by its method and path."""

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel
from qdrant_client import QdrantClient, models

VERSION: Final = "1.19.0"


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


def _create(local: QdrantClient, body: Any, name: str) -> bool:
    wanted = models.CreateCollection.model_validate(body)
    if any(alias.alias_name == name for alias in local.get_aliases().aliases):
        raise Refused(400, f"Can't create collection with name {name}. It is an alias")
    if any(one.name == name for one in local.get_collections().collections):
        raise Refused(409, f"Collection `{name}` already exists!")
    return local.create_collection(
        name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors
    )


def _collection(local: QdrantClient, _body: Any, name: str) -> BaseModel:
    _there(local, name)
    return local.get_collection(name)


def _aliases(local: QdrantClient, body: Any) -> bool:
    for action in models.ChangeAliasesOperation.model_validate(body).actions:
        if isinstance(action, models.CreateAliasOperation):
            _there(local, action.create_alias.collection_name, alias=False)
        local.update_collection_aliases([action])
    return True


def _index(local: QdrantClient, body: Any, name: str) -> Any:
    _there(local, name)
    wanted = models.CreateFieldIndex.model_validate(body)
    return local.create_payload_index(name, wanted.field_name, field_schema=wanted.field_schema)


def _upsert(local: QdrantClient, body: Any, name: str) -> Any:
    _there(local, name)
    return local.upsert(name, models.PointsList.model_validate(body).points)


def _query(local: QdrantClient, body: Any, name: str) -> Any:
    _there(local, name)
    wanted = models.QueryRequest.model_validate(body)
    return local.query_points(
        name,
        query=wanted.query,
        prefetch=wanted.prefetch,
        query_filter=wanted.filter,
        using=wanted.using,
        limit=wanted.limit or 10,
        with_payload=wanted.with_payload if wanted.with_payload is not None else False,
        with_vectors=wanted.with_vector if wanted.with_vector is not None else False,
    )


def _scroll(local: QdrantClient, body: Any, name: str) -> Any:
    _there(local, name)
    wanted = models.ScrollRequest.model_validate(body)
    points, following = local.scroll(
        name,
        scroll_filter=wanted.filter,
        limit=wanted.limit or 10,
        offset=wanted.offset,
        with_payload=wanted.with_payload if wanted.with_payload is not None else True,
        with_vectors=wanted.with_vector if wanted.with_vector is not None else False,
    )
    return {"points": points, "next_page_offset": following}


def _count(local: QdrantClient, body: Any, name: str) -> Any:
    _there(local, name)
    return local.count(name, exact=bool(models.CountRequest.model_validate(body).exact))


def _there(local: QdrantClient, name: str, *, alias: bool = True) -> None:
    names = {one.name for one in local.get_collections().collections}
    if alias:
        names |= {one.alias_name for one in local.get_aliases().aliases}
    if name not in names:
        raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")


_NAME: Final = "/collections/([^/]+)"
ROUTES: Final[tuple[tuple[str, str, Callable[..., Any]], ...]] = (
    ("GET", "/", lambda *_: {"title": "a stand-in for Qdrant", "version": VERSION}),
    ("GET", "/(?:healthz|livez|readyz)", lambda *_: True),
    ("GET", "/aliases", lambda local, _: local.get_aliases()),
    ("POST", "/collections/aliases", _aliases),
    ("GET", "/collections", lambda local, _: local.get_collections()),
    ("GET", _NAME, _collection),
    ("PUT", _NAME, _create),
    ("DELETE", _NAME, lambda local, _, name: local.delete_collection(name)),
    ("GET", f"{_NAME}/exists", lambda local, _, name: {"exists": local.collection_exists(name)}),
    ("PUT", f"{_NAME}/index", _index),
    ("PUT", f"{_NAME}/points", _upsert),
    ("POST", f"{_NAME}/points/query", _query),
    ("POST", f"{_NAME}/points/scroll", _scroll),
    ("POST", f"{_NAME}/points/count", _count),
)
