// The frame around every view: navigation, connection status, and signing out.

import { closeDialogs } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Page } from "./page.js";
import { name } from "./rights.js";
import { find, HOME, PLACES } from "./router.js";

const element = (id) => document.getElementById(id);
let page = null;

function report(isLive) {
  const status = element("connection");
  if (status.dataset.state === (isLive ? "live" : "offline")) return;
  status.dataset.state = isLive ? "live" : "offline";
  status.textContent = isLive ? "Live" : "Offline: showing the last known data";
}

function fold(open) {
  element("nav").toggleAttribute("data-open", open);
  element("menu").setAttribute("aria-expanded", String(open));
}

function link({ place, title }) {
  return h("li", {}, h("a", { href: `#/${place}`, "data-place": place, onclick: () => fold(false) }, icon(place), title));
}

function mark(place) {
  for (const anchor of element("nav-links").querySelectorAll("a")) {
    if (place.split("/")[1] === anchor.dataset.place) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

function show(isFirst) {
  closeDialogs();
  const found = find(location.hash || HOME);
  if (!found) {
    location.replace(HOME);
    return;
  }
  const { view, route } = found;
  const root = element("main");
  const stays = page?.view === view && page.route.id === route.id;
  page?.stop();
  page = new Page(view, route, root, report);
  if (!stays) root.replaceChildren(h("div", { class: "view" }));
  page.start();
  document.title = `${view.title} · Operator console`;
  mark(route.place);
  fold(false);
  if (stays) return;
  scrollTo(0, 0);
  if (!isFirst) root.querySelector("h1")?.focus({ preventScroll: true });
}

/** Shows the console; `onLeave` is called when the person signs out. */
export function open(onLeave) {
  element("gate").hidden = true;
  element("shell").hidden = false;
  element("nav-links").replaceChildren(...PLACES.map(link));
  element("menu").onclick = () => fold(element("menu").getAttribute("aria-expanded") !== "true");
  element("sign-out").onclick = onLeave;
  element("who").textContent = name();
  element("skip").onclick = (event) => {
    event.preventDefault();
    element("main").focus();
  };
  onhashchange = () => show(false);
  show(true);
}

/** Hides the console and shows the sign-in screen with a message and a button. */
export function shut(sentence, onContinue, text = "Sign in") {
  onhashchange = null;
  page?.stop();
  page = null;
  closeDialogs();
  element("shell").hidden = true;
  element("main").replaceChildren();
  element("gate").hidden = false;
  element("gate-text").textContent = sentence;
  const button = element("gate-button");
  button.hidden = false;
  button.textContent = text;
  button.onclick = onContinue;
  button.focus();
}
