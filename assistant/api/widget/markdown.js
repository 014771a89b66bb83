// A small part of Markdown: paragraphs, lists, quotations, bold, code, and links to hosts that are
// allowed. What leads elsewhere stays text, with its address.
const target = (address, hosts) => {
  try {
    const { protocol, hostname, username, href } = new URL(address);
    const named = it => it === "*" || it === hostname || (it.startsWith("*.") && hostname.endsWith(it.slice(1)));
    return /^https?:$/.test(protocol) && !username && hosts.some(named) && href;
  } catch {}
};

const link = (text, address, hosts) => {
  const href = target(address, hosts);
  if (!href) return text === address ? text : `${text} (${address})`;
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, `${text} ↗`);
};

const INLINE =
  /`([^`]+)`|\*\*(.+?)\*\*|\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\](?!\()|\[([^\]]+)\]\((\S+?)(?:\s[^)]*)?\)|(https?:\/\/[^\s<>"()]*[^\s<>"().,;:!?])/;

const inline = (text, hosts, cite) => {
  const made = [];
  for (let found; (found = INLINE.exec(text)); text = text.slice(found.index + found[0].length)) {
    const [, code, bold, numbers, label, address, bare] = found;
    made.push(
      text.slice(0, found.index),
      code
        ? h("code", {}, code)
        : bold
          ? h("strong", {}, inline(bold, hosts, cite))
          : numbers
            ? numbers.split(",").map(it => cite(+it) || `[${it}]`)
            : link(bare || label, bare || address, hosts)
    );
  }
  return [made, text];
};

const markdown = (text, hosts = [], cite = () => 0) =>
  text.split(/^```.*$/m).map((part, at) => {
    if (at % 2) return h("pre", { tabIndex: 0 }, part.trim());
    return part.split(/\n\s*\n/).map(block => {
      const made = [];
      for (const written of block.split("\n").filter(it => it.trim())) {
        const [begins, number] = /^\s*(?:[-*+]|(\d+)[.)])\s+/.exec(written) || [""];
        const kind = begins ? (number ? "OL" : "UL") : written[0] === ">" ? "BLOCKQUOTE" : "P";
        const inner = inline(written.slice(begins.length).replace(/^(#{1,6}|>)\s*/, ""), hosts, cite);
        let place = made.at(-1);
        if (place?.tagName !== kind) made.push((place = h(kind, number && { start: number })));
        else if (!begins) place.append(h("br"));
        place.append(...(begins ? [h("li", {}, inner)] : inner.flat(9)));
      }
      return made;
    });
  });
