// Modal dialogs with one form each. They close on Escape, Cancel, navigation, or success.

import { h } from "./dom.js";
import { field, values } from "./fields.js";
import { button } from "./components.js";
import { complain, rescueToasts } from "./toast.js";

let count = 0;

/** Opens a dialog with `content(close, dialog)` under its title. */
export function openDialog(title, content, { wide = false } = {}) {
  const id = `dialog-${(count += 1)}`;
  const dialog = h("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": id });
  const isBusy = () => dialog.hasAttribute("data-busy");
  const close = () => isBusy() || dialog.close();
  const hold = (event) => {
    if (isBusy()) event.preventDefault();
  };
  dialog.append(h("h2", { id }, title), content(close, dialog));
  dialog.oncancel = hold;
  // Browsers close on a second Escape even when `cancel` is prevented.
  dialog.onkeydown = (event) => {
    if (event.key === "Escape") hold(event);
  };
  dialog.onclose = () => {
    rescueToasts();
    dialog.remove();
    // The element that opened it may be gone: focus the heading instead of losing focus to the body.
    if (document.activeElement === document.body) document.querySelector("#main h1")?.focus({ preventScroll: true });
  };
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Closes all dialogs, on navigation. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/** Runs a dialog's action, one at a time. The dialog cannot be closed meanwhile, and its button keeps the focus. */
export async function busily(dialog, send, run) {
  if (dialog.hasAttribute("data-busy")) return;
  setBusy(dialog, send, true);
  try {
    await run();
  } catch (error) {
    complain(error);
  } finally {
    setBusy(dialog, send, false);
  }
}

function setBusy(dialog, send, isBusy) {
  dialog.toggleAttribute("data-busy", isBusy);
  const buttons = dialog.querySelectorAll(".dialog-foot .button");
  for (const one of buttons) flag(one, "aria-disabled", isBusy);
  flag(send, "aria-busy", isBusy);
}

function flag(node, name, isSet) {
  if (isSet) node.setAttribute(name, "true");
  else node.removeAttribute(name);
}

/**
 * A form in a dialog. If `run(values)` resolves to an element, it replaces the form; otherwise the dialog closes. Errors are
 * shown as toasts, and the form keeps its values.
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
    const validate = () => (send.disabled = Boolean(ready) && !ready(values(form)));
    form.oninput = validate;
    form.onsubmit = (event) => {
      event.preventDefault();
      busily(dialog, send, async () => conclude(dialog, form, await run(values(form))));
    };
    validate();
    return form;
  });
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

/** Asks for confirmation; with `typed`, that text has to be entered first. */
export function confirmDialog({ title, text, submit, typed = null, label = "", run, tone = "danger" }) {
  const fields = typed === null ? [] : [{ name: "typed", label, required: true, hint: `Type ${typed}` }];
  const ready = typed === null ? null : (given) => given.typed === typed;
  formDialog({ title, intro: text, fields, submit, tone, ready, run: async () => void (await run()) });
}
