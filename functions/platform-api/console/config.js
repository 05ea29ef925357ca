// Configuration from the page, and addresses. The console may be served below an API stage prefix.

export const config = JSON.parse(document.getElementById("config").textContent);

const base = new URL("..", import.meta.url);

/** The URL of an API path, for example `v1/limits`. */
export const address = (path) => new URL(path, base).href;

/** This page's URL without query and fragment. */
export const here = location.origin + location.pathname;
