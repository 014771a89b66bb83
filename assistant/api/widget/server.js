// The API: calls, streams, and what the browser keeps of this visitor.
const API = (options.api || new URL(tag.src).origin).replace(/\/+$/, "");
const SILENT_MS = 4e4;
const PLACE = `routeback ${API}`;
const ASKED = `${PLACE} asked`;
const token = () => Array.from(crypto.getRandomValues(new Uint8Array(24)), it => it.toString(16).padStart(2, 0)).join("");
let memory = {};

const kept = () => {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) || memory;
  } catch {
    return memory;
  }
};

const keep = (values, place = PLACE) => {
  if (place === PLACE) values = memory = { ...kept(), ...values };
  try {
    localStorage.setItem(place, JSON.stringify(values));
  } catch {}
};

if (!kept().session) keep({ session: token() });

// passing: the same may work a little later, without anybody doing anything.
const fault = (status = 0, { code, message = "" } = {}, wait = 10) =>
  Object.assign(Error(status === 429 ? say("busy", wait) : /40[13]/.test(status) ? say("key") : say("refused") + message), {
    status,
    passing: !status || code === "ServerStopping" || (status > 500 && !code) || (status === 409 && code === "DeskConflict")
  });

const call = async (path, body, signal) => {
  const headers = { Authorization: `Bearer ${options.key}`, "Routeback-Session": kept().session, "Content-Type": "application/json" };
  let reply;
  try {
    reply = await fetch(API + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), credentials: "omit", signal });
  } catch {
    throw fault();
  }
  if (reply.ok) return reply;
  const { error } = await reply.json().catch(() => ({}));
  throw fault(reply.status, error, reply.headers.get("Retry-After"));
};

const told = async (path, body) => (await call(path, body, AbortSignal.timeout(SILENT_MS))).json();

// Yields the events of a stream: [id, data]. One that says nothing for long is lost.
async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const silence = new Promise((_, no) => setTimeout(no, SILENT_MS));
      const { done, value } = await Promise.race([reader.read(), silence]);
      if (done) return;
      const whole = (rest + value).split("\n\n");
      rest = whole.pop();
      for (const event of whole) {
        const data = /^data: (.*)/m.exec(event)?.[1];
        if (data) yield [+/^id: (\d+)/m.exec(event)?.[1], data[0] === "{" && JSON.parse(data)];
      }
    }
  } catch {
    throw fault();
  } finally {
    reader.cancel().catch(() => 0);
  }
}
