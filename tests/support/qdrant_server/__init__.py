"""A stand-in for a Qdrant server: the part of its REST API that the index uses, over real HTTP.

It is not Qdrant. Behind it is one ``qdrant_client`` in local mode, which searches exactly and
slowly; one request is answered at a time; payload indexes are taken and ignored; there are no
shards, replicas, nodes or consensus, no optimizers and no snapshots. What it is for: the client's
real requests, read with the client's own models; statuses of errors; one index for many processes;
and what goes wrong on the way. Aliases change as on the server: one after the other up to the first
that fails, and those before it stay.

    python -m tests.support.qdrant_server PORT [FOLDER]

Without FOLDER all is in memory. The key is that of ``QDRANT__SERVICE__API_KEY``, if there is one.
"""
