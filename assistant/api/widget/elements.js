// Makes elements. Texts are set as text alone: nothing that came from elsewhere is read as markup.
const h = (name, given, ...inside) => {
  const made = Object.assign(document.createElement(name), given);
  made.append(...inside.flat(9).filter(Boolean));
  return made;
};

const tag = document.currentScript;
const { dataset: options } = tag;
const GERMAN = +/^de/i.test(options.language || tag.closest("[lang]")?.lang);
const LANGUAGE = GERMAN ? "de" : "en";

const say = (key, value) => TEXTS[key][GERMAN].replace("{n}", () => value);
const button = (text, onclick, more) => h("button", { type: "button", onclick, ...more }, `${text}`);
// Puts something in place of something; the focus is never lost with what goes.
const swap = (place, inside = []) => {
  const focused = place.contains(root.activeElement);
  place.replaceChildren(h("div", {}, inside));
  if (focused) ui.text.focus();
};

const line = (...told) => h("p", {}, told.filter(Boolean).join(" "));
const submits = key => button(say(key), null, { type: "submit", className: "main" });
const row = (...inside) => h("div", { className: "row" }, inside);
const small = text => h("p", { className: "by" }, text);
