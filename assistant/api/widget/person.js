// Asking for a person, who holds the conversation then, and what was thought of it.
const when = moment => new Date(moment).toLocaleString(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });

const bar = (...inside) => {
  swap(ui.bar, inside);
  ui.bar.hidden = !inside.length;
  ui.log.scrollTop = 1e9;
};

const handOver = () => {
  const message = h("textarea", { required: true, maxLength: 4000, value: lastSaid()?.text || "" });
  const contact = h("input", { maxLength: 200, autocomplete: "email" });
  const key = token();
  const send = event => {
    event.preventDefault();
    tried(async () => {
      const asked = { message: message.value, contact: contact.value, language: LANGUAGE, channel: "widget", client_id: key };
      enter((await told("/v1/tickets", { ...asked, conversation_id: id || null })).conversation_id);
    });
  };
  const cancel = () => {
    bar();
    drawStanding();
  };
  bar(
    h(
      "form",
      { onsubmit: send },
      line(say("more")),
      h("label", {}, say("ask"), message),
      h("label", {}, say("contact"), contact),
      row(submits("person"), button(say("cancel"), cancel))
    )
  );
  message.focus();
};

const stars = ticket => {
  if (kept().rated === ticket) return line(say("thanks"));
  const rate = rating =>
    tried(async () => {
      await told(path("/rating"), { rating });
      keep({ rated: ticket });
      speak(say("thanks"));
    });
  return row([1, 2, 3, 4, 5].map(it => button(it, () => rate(it), { ariaLabel: say("star", it) })));
};

const drawStanding = () => {
  const { holder, ticket, assignee, expected, open_now } = held;
  // A form that is being filled in stays.
  if (ui.bar.querySelector("form") && /bot|closed/.test(holder)) return;
  const back = button(say("back"), () => tried(() => told(path("/bot"), {})));
  if (holder === "waiting") bar(line(say("waiting", ticket), open_now === false && say("away"), expected && say("expected", when(expected))), back);
  else if (holder === "person") bar(line(say("joined", assignee || say("team"))), back);
  else if (holder === "solved") bar(line(say("solved", ticket)), stars(ticket));
  else if (holder === "closed") bar(line(say("over")), ticket && stars(ticket));
  else bar();
  ui.person.hidden = /waiting|person|solved/.test(holder);
};
