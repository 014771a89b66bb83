// The button, and the dialog that it opens: beside the page, or over all of a small screen.
const title = options.title || say("title");
const wide = () => !matchMedia("(max-width:480px),(max-height:480px)").matches;

const tell = (text = "") => {
  if (ui.status.textContent !== text) ui.status.textContent = text;
};

const tellLost = () => tell(say(navigator.onLine ? "lost" : "offline"));

const speak = text => {
  ui.spoken.textContent = unmarked(text);
};

const name = (key, more = "") => {
  ui.launch.ariaLabel = `${say(key)}: ${title} ${more}`;
  ui.launch.classList.toggle("new", more);
};

const unread = number => {
  if (ui.panel.open) keep({ read: number });
  else if (number > kept().read) name("open", say("unread"));
};

const shown = open => {
  name(open ? "close" : "open");
  ui.launch.textContent = open ? "×" : title;
  ui.launch.ariaExpanded = open;
  keep(open ? { open, read: last } : { open });
  if (open && !items.length) tried(() => 0);
};

const toggle = () => {
  if (ui.panel.open) return ui.panel.close();
  wide() ? ui.panel.show() : ui.panel.showModal();
  shown(true);
  ui.text.focus();
};

const list = async () => {
  if ((ui.listed.hidden = !ui.listed.hidden)) return;
  await tried(async () => {
    const { conversations } = await told("/v1/conversations?limit=20");
    const choose = it => {
      ui.listed.hidden = true;
      empty(it.conversation_id);
      tried(() => ui.text.focus());
    };
    const lines = conversations.map(it => button(`${it.title} (${when(it.latest)})`, () => choose(it), { className: "choice" }));
    swap(ui.listed, lines.length ? lines : say("none"));
    lines[0]?.focus();
  });
};

const submit = event => {
  event.preventDefault();
  const text = ui.text.value.trim();
  ui.text.value = "";
  if (text) ask(text);
};

const keys = event => {
  if (event.key === "Escape") {
    event.preventDefault();
    ui.panel.close();
  }
  if (event.key === "Enter" && event.target === ui.text && !event.shiftKey && !event.isComposing) submit(event);
};

const sign = (text, key, onclick) => button(text, onclick, { ariaLabel: say(key), title: say(key) });
const side = () => h("div", { className: "bar", hidden: true });
const ui = {
  log: h("div", { className: "log", tabIndex: 0, role: "region", ariaLabel: say("list") }, h("p", { className: "ai", role: "note" }, say("ai"))),
  listed: side(),
  bar: side(),
  text: h("textarea", { ariaLabel: say("ask"), placeholder: say("ask"), maxLength: 4000, rows: 1 }),
  stop: button(say("stop"), stop, { hidden: true }),
  person: button(say("person"), handOver),
  status: h("p", { className: "status", role: "status" }),
  spoken: h("p", { className: "sr", role: "status" }),
  launch: button("", toggle, { className: "launch" })
};
ui.panel = h(
  "dialog",
  { ariaLabel: title, onkeydown: keys },
  h(
    "header",
    { className: "row" },
    h("h2", {}, title),
    button(say("list"), list),
    sign("+", "fresh", () => (empty(""), tell(), ui.text.focus())),
    sign("×", "close", toggle)
  ),
  ui.listed,
  ui.log,
  ui.bar,
  ui.status,
  ui.spoken,
  h("form", { className: "write", onsubmit: submit }, ui.text, row(submits("send"), ui.stop, ui.person))
);
ui.panel.onclose = () => {
  shown(false);
  ui.launch.focus();
};

const host = h("div", { lang: LANGUAGE });
const root = host.attachShadow({ mode: "open" });
const colours = new CSSStyleSheet();
const looks = new CSSStyleSheet();
looks.replaceSync(STYLE);
root.adoptedStyleSheets = [looks, colours];
root.append(ui.panel, ui.launch);

const darkness = matchMedia("(prefers-color-scheme:dark)");
const theme = () => {
  host.dataset.theme = options.theme || (darkness.matches ? "dark" : "light");
  colours.replaceSync(accent(host.dataset.theme === "dark"));
};

const begin = () => {
  theme();
  darkness.onchange = theme;
  new MutationObserver(theme).observe(tag, { attributes: true });
  document.body.append(host);
  shown(false);
};

const { open: wasOpen, live } = kept();
const start = () => {
  begin();
  if (wasOpen && wide()) {
    ui.panel.setAttribute("open", "");
    shown(true);
  } else if (live) tried(() => 0);
};

const back = () => {
  wake();
  tend();
};
addEventListener("online", back);
document.addEventListener("visibilitychange", back);
addEventListener("storage", ({ key, newValue }) => {
  if (key === ASKED && id && newValue.includes(id)) sync().then(tend, () => 0);
});
if (document.body) start();
else addEventListener("DOMContentLoaded", start);
