// What happened to an action, said once: problems as alerts with the id that support asks for.

import { h } from "./dom.js";

const MOST = 4;
const STAY_MS = { bad: 20_000, ok: 5_000 };

// An open dialog makes everything outside of it deaf: what is to be heard goes into it.
function place() {
  const region = document.getElementById("toasts") ?? h("div", { class: "toasts", id: "toasts" });
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  (open ?? document.body).append(region);
  return region;
}

/** Brings what was said out of a dialog that closes. */
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
  if (region.childElementCount > MOST) region.firstElementChild.remove();
  setTimeout(() => toast.remove(), STAY_MS[tone]);
}

export const say = (sentence) => show("ok", "status", h("p", {}, sentence));

export const complain = (problem) =>
  show(
    "bad",
    "alert",
    h("p", {}, problem.message),
    problem.requestId && h("p", { class: "note" }, "Request ", h("code", {}, problem.requestId)),
  );
