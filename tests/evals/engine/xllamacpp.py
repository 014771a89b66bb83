"""A scripted engine where llama.cpp stands: answers with a passage, judges obligingly.

On the path of a server, it is what ``assistant.local.engine_child`` imports; everything above it,
the real process, pipe, queue and API, is the product's.
"""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

from tests.guardrails.judge.endpoint import obliging
from tests.support.endpoint import first_sentence


class CommonParams:
    def __init__(self) -> None:
        self.model = SimpleNamespace()
        self.cpuparams = SimpleNamespace()
        self.cpuparams_batch = SimpleNamespace()
        self.lora_adapters = []


class Server:
    def __init__(self, params: CommonParams) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._reply("{}", "application/json")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        judges = "response_format" in body
        with Path(os.environ["ENGINE_ASKED"]).open("a") as file:
            file.write(json.dumps({"judges": judges, "lora": body["lora"]}) + "\n")
        time.sleep(float(os.environ.get("ENGINE_PAUSE_S", "0")))
        frame = {"id": "x", "created": 0, "model": body["model"]}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if judges:
            message = {"role": "assistant", "content": obliging(body)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = {**frame, "object": "chat.completion", "choices": [choice], "usage": usage}
            self._reply(json.dumps(whole), "application/json")
            return
        frame["object"] = "chat.completion.chunk"
        delta = {"content": first_sentence(body["messages"])}
        said = {"index": 0, "delta": delta, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        events = [
            {**frame, "choices": [said]},
            {**frame, "choices": [end]},
            {**frame, "choices": [], "usage": usage},
        ]
        lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        self._reply(f"{lines}data: [DONE]\n\n", "text/event-stream")

    def _reply(self, text: str, kind: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass
