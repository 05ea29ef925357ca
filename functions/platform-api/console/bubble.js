// Renders a template as a WhatsApp message. Formatting such as *bold* becomes elements, never HTML from the text.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const MARKS = [
  ["```", "code"],
  ["*", "strong"],
  ["_", "em"],
  ["~", "del"],
];

/** Turns `*bold*`, `_italic_`, `~strikethrough~` and monospace into nodes. */
function marked(text, marks = MARKS) {
  if (!marks.length) return [text];
  const [[mark, tag], ...rest] = marks;
  const parts = text.split(mark);
  return parts.flatMap((part, index) => {
    const inside = index % 2 === 1;
    const closed = inside && index < parts.length - 1;
    if (closed) return [h(tag, {}, marked(part, rest))];
    return marked(inside ? mark + part : part, rest);
  });
}

/** Splits the preview's lines into header, body, footer and buttons, as the template has them. */
function parts(text, { components }) {
  const find = (type) => components.find((component) => component.type === type);
  const lines = text.split("\n");
  const buttons = find("BUTTONS")?.buttons ?? [];
  const labels = buttons.length ? lines.splice(-buttons.length) : [];
  const header = find("HEADER") ? lines.shift() : null;
  const footer = find("FOOTER") ? lines.pop() : null;
  return {
    header,
    isPicture: find("HEADER") && find("HEADER").format !== "TEXT",
    body: lines.join("\n"),
    footer,
    labels,
    buttons,
  };
}

const PICTURES = { QUICK_REPLY: "reply", URL: "link", PHONE_NUMBER: "call", OTP: "copy", COPY_CODE: "copy" };

export function bubble(text, composition) {
  const { header, isPicture, body, footer, labels, buttons } = parts(text, composition);
  const label = (line) => line.replace(/^\[ /, "").replace(/ \]$/, "") || "Copy code";
  return h(
    "div",
    { class: "chat" },
    h(
      "div",
      { class: "bubble" },
      header &&
        (isPicture ? h("p", { class: "bubble-picture" }, icon("picture"), header) : h("p", { class: "bubble-header" }, header)),
      h(
        "p",
        { class: "bubble-body" },
        body.trim() ? marked(body) : h("span", { class: "bubble-empty" }, "The text appears here."),
      ),
      footer && h("p", { class: "bubble-footer" }, footer),
      labels.length > 0 &&
        h(
          "ul",
          { class: "bubble-buttons" },
          labels.map((line, index) => h("li", {}, icon(PICTURES[buttons[index].type]), label(line))),
        ),
    ),
  );
}
