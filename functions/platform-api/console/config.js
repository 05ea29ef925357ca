// What the server wrote into the page, and where things are: the console may lie below a stage's prefix.

export const config = JSON.parse(document.getElementById("config").textContent);

const base = new URL("..", import.meta.url);

/** The address of a path of the API, for example `v1/limits`. */
export const address = (path) => new URL(path, base).href;

/** This page, without what follows it. */
export const here = location.origin + location.pathname;
