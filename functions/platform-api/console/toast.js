// Toasts for the outcome of an action: successes as statuses, problems as alerts with the request id.

import { h } from "./dom.js";

const MAX_TOASTS = 4;
const DISMISS_MS = { bad: 20_000, ok: 5_000 };

// An open modal dialog makes the rest of the page inert, so that toasts have to be inside it.
function place() {
  const region = document.getElementById("toasts") ?? h("div", { class: "toasts", id: "toasts" });
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  (open ?? document.body).append(region);
  return region;
}

/** Moves the toasts out of a dialog that closes. */
export function rescueToasts() {
  const region = document.getElementById("toasts");
  if (region?.closest("dialog")) document.body.append(region);
}

function show(tone, role, ...content) {
  const close = h("button", { type: "button", class: "button quiet small", "aria-label": "Dismiss" }, "×");
  const toast = h("div", { class: `toast ${tone}`, role }, h("div", {}, content), close);
  close.onclick = () => toast.remove();
  const region = place();
  region.append(toast);
  if (region.childElementCount > MAX_TOASTS) region.firstElementChild.remove();
  setTimeout(() => toast.remove(), DISMISS_MS[tone]);
}

export const say = (sentence) => show("ok", "status", h("p", {}, sentence));

export const complain = (problem) =>
  show(
    "bad",
    "alert",
    h("p", {}, problem.message),
    problem.requestId && h("p", { class: "note" }, "Request ", h("code", {}, problem.requestId)),
  );
