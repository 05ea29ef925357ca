// Dialogs: one form, one thing to do. They close by Escape, Cancel, or when the thing is done.

import { h } from "./dom.js";
import { field, values } from "./fields.js";
import { button } from "./marks.js";
import { complain, rescueToasts } from "./toast.js";

let count = 0;

/** Opens a dialog with `content(close)` under its title. */
export function openDialog(title, content, { wide = false } = {}) {
  const id = `dialog-${(count += 1)}`;
  const dialog = h("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": id });
  const close = () => dialog.close();
  dialog.append(h("h2", { id }, title), content(close, dialog));
  dialog.onclose = () => {
    rescueToasts();
    dialog.remove();
  };
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * A form in a dialog. `run(values)` does it; what it resolves to, if an element, takes the form's place, otherwise the dialog
 * closes. Problems are told, and the form stays as it was filled in.
 */
export function formDialog({ title, intro = null, fields = [], submit, tone = "primary", run, ready = null }) {
  return openDialog(title, (close, dialog) => {
    const send = h("button", { type: "submit", class: `button ${tone}` }, submit);
    const form = h(
      "form",
      { class: "form" },
      intro && h("p", {}, intro),
      fields.map((spec) => (spec.nodeType ? spec : field(spec))),
      h("div", { class: "dialog-foot" }, button("Cancel", { onclick: close }), send),
    );
    const weigh = () => (send.disabled = Boolean(ready) && !ready(values(form)));
    form.oninput = weigh;
    form.onsubmit = (event) => {
      event.preventDefault();
      attempt(
        form,
        send,
        () => run(values(form)),
        (result) => conclude(dialog, form, result),
      ).then(weigh);
    };
    weigh();
    return form;
  });
}

async function attempt(form, send, run, done) {
  if (send.disabled) return;
  send.disabled = true;
  send.setAttribute("aria-busy", "true");
  try {
    done(await run());
  } catch (error) {
    complain(error);
  } finally {
    send.removeAttribute("aria-busy");
  }
}

function conclude(dialog, form, result) {
  if (!(result instanceof Node)) {
    dialog.close();
    return;
  }
  form.replaceWith(
    result,
    h("div", { class: "dialog-foot" }, button("Close", { tone: "primary", onclick: () => dialog.close() })),
  );
  dialog.querySelector("[data-focus], .dialog-foot button")?.focus();
}

/** Asks before something that cannot be taken back; with `typed`, that text has to be typed first. */
export function confirmDialog({ title, text, submit, typed = null, label = "", run, tone = "danger" }) {
  const fields = typed === null ? [] : [{ name: "typed", label, required: true, hint: `Type ${typed}` }];
  const ready = typed === null ? null : (given) => given.typed === typed;
  formDialog({ title, intro: text, fields, submit, tone, ready, run: async () => void (await run()) });
}
