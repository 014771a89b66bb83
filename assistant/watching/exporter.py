"""The metrics of a process, on a port of their own or as one text."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.exposition import choose_encoder

from assistant.errors import ServerError

log = logging.getLogger(__name__)


@contextmanager
def exporter(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    """Serve metrics, and nothing else, to whoever reaches the port; yield the port.

    port: 0 for any that is free.

    Raises:
        ServerError: the port cannot be had.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ServerError(
            f"Port {port} on {host} cannot be used for metrics: {error.strerror}.",
            hint="Stop what uses it, or set ROUTEBACK_SERVER__METRICS_PORT to another one.",
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return the metrics and their content type. accept: what the reader takes. Blocking."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
