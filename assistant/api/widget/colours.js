// The page's accent colour. WCAG asks for a contrast of 4.5 between a text and its ground: what is
// written on the accent is black or white, and where the accent itself cannot be read, text is used.
const light = hex =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
    const part = parseInt(hex.slice(1 + 2 * at, 3 + 2 * at), 16) / 255;
    return sum + weight * (part > 0.04 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92);
  }, 0.05);

const contrast = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));

const accent = dark => {
  const colour = /^#[\da-f]{6}$/i.test(options.accent) ? options.accent : "#1f5fbf";
  const on = contrast(colour, "#ffffff") < 4.5 ? "#000" : "#fff";
  const link = [colour, dark ? "#8ab8ff" : "#1f5fbf"].find(it => contrast(it, dark ? "#262b34" : "#f2f4f7") >= 4.5);
  return `:host{--accent:${colour};--on:${on};--link:${link}}`;
};
