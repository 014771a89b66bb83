// How what was said looks.
const words = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
const unmarked = text => text.replace(/\s*\[[\d\s,]+\]|[*`_>#]/g, "");

// Where a passage says what is cited: word for word, or in the sentence that shares most words.
const span = (passage, cited) => {
  const wanted = new Set(words(cited));
  const found = RegExp(`${words(cited).join("[^\\p{L}\\p{N}]+")}[.!?]*`, "iu").exec(passage);
  if (found) return [found.index, found.index + found[0].length];
  let [best, place] = [0.4];
  for (const { segment, index } of new Intl.Segmenter(LANGUAGE, { granularity: "sentence" }).segment(passage)) {
    const own = [...new Set(words(segment))];
    const shared = own.filter(it => wanted.has(it)).length / Math.min(own.length, wanted.size);
    if (own.length > 2 && shared > best) [best, place] = [shared, [index, index + segment.trimEnd().length]];
  }
  return place;
};

const highlighted = (passage, cited) => {
  let at = 0;
  const spans = cited.map(it => span(passage, unmarked(it))).filter(Boolean);
  const made = spans.sort((a, b) => a[0] - b[0]).map(([from, to]) => {
    const before = passage.slice(at, Math.max(at, from));
    const marked = passage.slice(Math.max(at, from), to);
    at = Math.max(at, to);
    return [before, marked && h("mark", { tabIndex: -1 }, marked)];
  });
  return [made, passage.slice(at)];
};

const source = ({ sentences, quotations, link_hosts }, { number, title, text, url, place, date }) => {
  const quoted = quotations?.filter(it => it.number === number) || [];
  const cited = quoted.length ? quoted : sentences?.filter(it => it.cited?.includes(number)) || [];
  const passage = highlighted(text, cited.map(it => it.text));
  return h(
    "details",
    {},
    h("summary", {}, `${number}. ${title}`),
    h("p", { className: "pass", tabIndex: 0 }, passage),
    small([url && link(url, url, link_hosts || []), ` ${place || ""} ${date || ""}`])
  );
};

const reveal = details => {
  details.open = true;
  const aim = details.querySelector("mark") || details.firstChild;
  aim.focus();
  aim.scrollIntoView({ block: "nearest" });
};

const feedback = ({ turn_id }) => {
  const thanks = h("span", { className: "by" });
  const comment = h("textarea", { ariaLabel: say("why"), placeholder: say("why"), maxLength: 4000 });
  let thumb;
  const rate = event => {
    event.preventDefault();
    tried(async () => {
      await told("/v1/feedback", { turn_id, thumb, comment: comment.value });
      thanks.textContent = say("thanks");
      speak(say("thanks"));
      form.hidden = comment.value;
    });
  };
  const form = h("form", { hidden: true, onsubmit: rate }, comment, submits("send"));
  const thumbs = ["up", "down"].map(it =>
    button(say(it), event => {
      thumb = it;
      thumbs.forEach(other => (other.ariaPressed = other === event.target));
      rate(event);
    }, { ariaPressed: false })
  );
  return [row(thumbs, thanks), form];
};

const answered = item => {
  const { text, wrong, said, turn = {}, author = turn.author } = item;
  const { outcome, choices = [], sources = [], lead, link_hosts } = turn;
  const bot = held.holder === "bot";
  if (item.open && !text) return bot && small(say("searching"));
  const shown = new Map();
  const cite = number => {
    const cited = sources.find(it => it.number === number);
    if (!cited) return;
    if (!shown.has(number)) shown.set(number, source(turn, cited));
    return button(number, () => reveal(shown.get(number)), { className: "cite", ariaLabel: say("source", `${number}: ${cited.title}`) });
  };
  const broken = wrong || (outcome === "left" && say("stopped"));
  return [
    markdown((choices.length && lead) || text, link_hosts, cite),
    choices.map(({ title }) => button(title, () => ask(title), { className: "choice" })),
    broken && h("p", { className: "err" }, broken),
    broken && said && button(say("again"), () => again(item)),
    [...shown.values()],
    bot && (wrong || outcome === "abstained") && button(say("person"), handOver),
    text && small(author?.label || say("unknown")),
    /answered|asked|abstained/.test(outcome) && feedback(turn)
  ];
};

const draw = item => {
  const { kind, text, author } = item;
  item.place ||= ui.log.appendChild(h("div", { className: kind }));
  const inside = {
    bot: () => answered(item),
    team: () => [markdown(text), small(author?.label || say("team"))],
    you: () => [h("span", { className: "sr" }, say("you")), text],
    info: () => text
  }[kind]();
  swap(item.place, inside);
  ui.stop.hidden = !open().length;
  ui.log.scrollTop = 1e9;
};
