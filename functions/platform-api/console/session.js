// Signing in at the platform's issuer: authorization code with PKCE. The token is in a variable of this module and nowhere
// else: the signup page has the same origin and runs a script of Meta's, which could read every storage. A reload signs in
// again, which the issuer's own session makes a redirect. What the redirect takes along is of no use to a reader: the code comes to
// this page only, and without it the verifier opens nothing.

import { config, here } from "./config.js";
import { challenge, unguessable } from "./pkce.js";

const ASKED = "console.asked";
const LEFT = "console.left";
// A token is not used in its last seconds: a call takes time.
const MARGIN_MS = 15_000;
const DEFAULT_LIFE_S = 3600;
// A token refused this soon after it was given would be refused again.
const FRESH_MS = 10_000;

let held = null;

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

/** The bearer token, or null when there is none that still works. */
export const token = () => (held && Date.now() < held.until ? held.token : null);

/** Milliseconds until the token ends. */
export const remaining = () => Math.max(0, (held?.until ?? 0) - Date.now());

/** Whether the token was given a moment ago. */
export const isFresh = () => Date.now() - (held?.since ?? 0) < FRESH_MS;

/** Whether the person signed out and has not signed in again. */
export const hasLeft = () => read(LEFT) === true;

export function forget() {
  held = null;
}

export function leave() {
  forget();
  write(LEFT, true);
}

/** Goes to the issuer; `location.hash` is where to come back to. With `anew`, the issuer asks who it is. */
export async function signIn({ anew = hasLeft() } = {}) {
  if (!crypto.subtle) throw new Error("Signing in needs HTTPS, or an address of this machine.");
  const [state, verifier] = [unguessable(), unguessable()];
  write(ASKED, { state, verifier, hash: location.hash });
  sessionStorage.removeItem(LEFT);
  const target = new URL(config.authorization_endpoint, here);
  const question = {
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: here,
    scope: config.scope,
    // For issuers that ask whom a token is for (Auth0); the others pass over it.
    audience: config.audience,
    state,
    code_challenge: await challenge(verifier),
    code_challenge_method: "S256",
    ...(anew && { prompt: "login" }),
  };
  for (const [name, value] of Object.entries(question)) target.searchParams.set(name, value);
  location.assign(target.href);
}

/** Takes what the issuer sent back, if this is such a return. Throws an error with a sentence when it went wrong. */
export async function arrive() {
  const answer = new URLSearchParams(location.search);
  const asked = read(ASKED);
  sessionStorage.removeItem(ASKED);
  if (!answer.has("code") && !answer.has("error")) return;
  // The code leaves the address bar and the history before anything else happens.
  history.replaceState(null, "", here + (asked?.hash || location.hash));
  if (!asked || answer.get("state") !== asked.state) {
    throw new Error("The sign-in was not begun in this tab, or is from an earlier try. Please sign in again.");
  }
  if (answer.has("error")) throw new Error(refusal(answer.get("error")));
  await exchange(answer.get("code"), asked.verifier);
}

function refusal(code) {
  if (code === "access_denied") return "The sign-in was cancelled, or you have no access to this console.";
  const known = /^[a-z_]{1,40}$/.test(code) ? ` (${code})` : "";
  return `The sign-in service answered with an error${known}. Please try again.`;
}

async function exchange(code, verifier) {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: config.client_id,
    redirect_uri: here,
    code_verifier: verifier,
  });
  const reply = await fetch(config.token_endpoint, { method: "POST", body, credentials: "omit" }).catch(() => null);
  if (!reply) throw new Error("The sign-in service could not be reached. Please try again.");
  const answer = reply.ok ? await reply.json().catch(() => null) : null;
  if (typeof answer?.access_token !== "string" || answer.access_token === "") {
    throw new Error("The sign-in service gave no access. Please sign in again.");
  }
  const life = (Number(answer.expires_in) || DEFAULT_LIFE_S) * 1000;
  const now = Date.now();
  held = { token: answer.access_token, since: now, until: now + Math.max(life - MARGIN_MS, life / 2) };
}
