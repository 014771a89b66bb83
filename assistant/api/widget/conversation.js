// The conversation, as its log tells it. The log is the truth: each entry has a number and counts
// once, whichever way it came; the stream of an answer only brings its pieces sooner.
let { id = "" } = kept();
let items = [];
let seen = new Set();
let last = 0;
let held = { holder: "bot" };
let [tended, tries, wake, leave] = [false, 0, () => 0, () => 0];

const path = rest => `/v1/conversations/${id}${rest}`;
const open = () => items.filter(it => it.open);
const lastSaid = () => items.findLast(it => it.kind === "you");
const wanted = () => open().length || (!document.hidden && /waiting|person|solved/.test(held.holder));
// From where on to read: before what was sent and has not been seen in the log.
const known = () => `?language=${LANGUAGE}&after=${Math.min(last, ...items.filter(it => it.sent >= 0).map(it => it.sent))}`;

const enter = next => {
  if (next === id) return;
  [id, seen, last, held] = [next, new Set(), 0, { holder: "bot" }];
  for (const it of items) if (it.sent) it.sent = 0;
  keep({ id, read: 0 });
};

const empty = next => {
  items.forEach(drop);
  leave();
  enter("");
  enter(next);
  stand(held);
};

const push = (kind, text, more) => {
  const item = { kind, text, ...more };
  items.push(item);
  draw(item);
  return item;
};

const drop = item => {
  items = items.filter(it => it !== item);
  swap(item.place);
  item.place.remove();
};

const end = (answer, values) => {
  Object.assign(answer, { open: false, wrong: "" }, values);
  draw(answer);
  speak(answer.text);
};

const grow = (answer, text) => {
  answer.text += text;
  draw(answer);
};

const stand = standing => {
  held = standing;
  keep({ live: Boolean(wanted()) });
  drawStanding();
};

const counts = number => {
  last = Math.max(last, number);
  return !seen.has(number) && seen.add(number);
};

const apply = ({ number, kind, text = "", turn_id, client_id, turn, author, moved, detail }) => {
  if (!counts(number)) return;
  let own = client_id && items.find(it => it.key === client_id);
  if (own) own.sent = NaN;
  const answer = turn_id && items.find(it => it.turn_id === turn_id);
  if (kind === "question") {
    own ||= push("you", text);
    own.answer ||= push("bot", "", { open: true, said: own });
    own.answer.turn_id = turn_id;
    own.logged = true;
  } else if (kind === "user") {
    if (own) drop(own.answer);
    else if (!detail?.opens || lastSaid()?.text !== text) push("you", text);
  } else if (kind === "piece") {
    if (answer?.open) grow(answer, text);
  } else if (kind === "answer") end(answer || push("bot", text), { text, turn, author });
  else if (kind === "cut" && answer) end(answer, { turn, author });
  else if (kind === "failed") end(answer, { wrong: text });
  else if (kind === "team") {
    push(kind, text, { author });
    speak(text);
    unread(number);
  } else if (kind === "moved") {
    const { move, by, ticket, after } = moved;
    const news = { ask: "waiting", claim: "joined", return: "returned" }[move];
    if (news) push("info", say(news, move === "ask" ? ticket : by || say("team")));
    stand({ ...held, holder: after, ticket, assignee: by });
  }
};

// Reads what the log has beyond what is known, and who holds the conversation.
const sync = async () => {
  if (!id) return;
  const here = id;
  const shown = await told(path(known()));
  if (id !== here) return;
  shown.entries.forEach(apply);
  stand(shown.standing);
  if (shown.conversation_id === id) return;
  enter(shown.conversation_id);
  await sync();
};

const follow = async () => {
  const here = id;
  const leaving = new AbortController();
  leave = () => leaving.abort();
  const reply = await call(path(`/events${known()}`), null, leaving.signal);
  tell();
  tries = 0;
  for await (const [, entry] of events(reply)) {
    if (id !== here) return;
    apply(entry);
    if (entry.kind === "moved") await sync();
    if (!wanted()) return;
  }
};

const pause = () =>
  new Promise(done => {
    tries += 1;
    wake = done;
    setTimeout(done, Math.min(150 * 2 ** tries, 15e3) * (0.75 + Math.random() / 2));
  });

// Follows the conversation for as long as something is to come, across drops, restarts and sleep.
const tend = async () => {
  if (tended) return;
  tended = true;
  while (id && wanted()) {
    try {
      await sync();
      for (const said of items.filter(it => it.lost && !it.logged)) await post(said);
      if (!wanted()) break;
      await follow();
    } catch (error) {
      if (!error.passing) {
        tries = 0;
        tell(error.message);
        open().forEach(it => end(it, { wrong: error.message }));
        break;
      }
    }
    if (wanted()) {
      tellLost();
      await pause();
    }
  }
  tended = false;
  if (tries) tell();
  tries = 0;
};

const post = async said => {
  const { answer } = said;
  if (!id) enter((await told("/v1/conversations", {})).conversation_id);
  said.sent ??= last;
  said.leaving = new AbortController();
  const routeback = { conversation_id: id, interface: LANGUAGE, keep: true, client_id: said.key };
  const asked = { stream: true, messages: [{ role: "user", content: said.text }], routeback };
  const reply = await call("/v1/chat/completions", asked, said.leaving.signal);
  keep(id + said.key, ASKED);
  for await (const [number, chunk] of events(reply)) {
    if (!chunk) return sync();
    if (chunk.error) throw fault(500, chunk.error);
    const text = chunk.choices[0]?.delta.content;
    if (text && answer.open && (!number || counts(number))) grow(answer, text);
    const turn = chunk.routeback;
    if (!turn) continue;
    enter(turn.conversation_id);
    said.logged = true;
    if (turn.outcome !== "passed_on") end(answer, { turn, turn_id: turn.turn_id });
    else {
      drop(answer);
      if (answer.text) push("info", answer.text);
    }
    stand(turn.standing);
  }
  throw fault();
};

const deliver = async said => {
  try {
    await post(said);
  } catch (error) {
    if (said.leaving?.signal.aborted) return;
    if (error.status === 404 && id) {
      enter("");
      return deliver(said);
    }
    said.lost = error.passing;
    if (!error.passing) {
      said.sent = NaN;
      end(said.answer, { wrong: error.message });
    } else if (!id) {
      tellLost();
      return pause().then(() => deliver(said));
    }
  }
  tend();
};

const ask = text => {
  const said = push("you", text, { key: token() });
  said.answer = push("bot", "", { open: true, said });
  speak(say("searching"));
  deliver(said);
};

// Asks once more what got no whole answer; what never came into the log is not shown twice.
const again = answer => {
  drop(answer);
  if (!answer.said.logged) drop(answer.said);
  ask(answer.said.text);
};

const stop = async () => {
  const stopped = open();
  for (const { said } of stopped) said.leaving?.abort();
  await tried(() => told(path("/stop"), {}));
  for (const it of stopped) if (it.open) end(it, { wrong: say("stopped") });
};

// Does something, and reads what came of it.
const tried = async work => {
  try {
    await work();
    await sync();
  } catch (error) {
    tell(error.message);
    if (error.status === 404) enter("");
  }
  tend();
};
