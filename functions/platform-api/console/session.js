// Sign-in at the platform's issuer: authorization code with PKCE. The token is stored only in a variable of this module:
// the signup page has the same origin and runs a script of Meta's, which could read any browser storage. A reload signs
// in again; with the issuer's own session that is only a redirect. During the redirect, state and verifier are in
// sessionStorage, where they are of no use to another script: the code comes to this page only, and the verifier is
// worthless without it.

import { config, here } from "./config.js";
import { challenge, randomString } from "./pkce.js";

const PENDING = "console.pending";
const SIGNED_OUT = "console.left";
// A token is not used in its last seconds, because a call takes time.
const MARGIN_MS = 15_000;
const DEFAULT_LIFE_S = 3600;
// If a token is rejected this soon after it was issued, a new one would be rejected too.
const FRESH_MS = 10_000;

let session = null;

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

/** The bearer token, or null when there is none or it has expired. */
export const token = () => (session && Date.now() < session.until ? session.token : null);

/** Milliseconds until the token expires. */
export const remaining = () => Math.max(0, (session?.until ?? 0) - Date.now());

/** Whether the token was issued a moment ago. */
export const isFresh = () => Date.now() - (session?.since ?? 0) < FRESH_MS;

/** Whether the person signed out and has not signed in again. */
export const hasLeft = () => read(SIGNED_OUT) === true;

export function forget() {
  session = null;
}

export function leave() {
  forget();
  write(SIGNED_OUT, true);
}

/** Redirects to the issuer and later returns to `location.hash`. With `anew`, the issuer asks for credentials again. */
export async function signIn({ anew = hasLeft() } = {}) {
  if (!crypto.subtle) throw new Error("Signing in requires HTTPS or localhost.");
  const [state, verifier] = [randomString(), randomString()];
  write(PENDING, { state, verifier, hash: location.hash });
  sessionStorage.removeItem(SIGNED_OUT);
  const target = new URL(config.authorization_endpoint, here);
  const parameters = {
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: here,
    scope: config.scope,
    // Auth0 requires an audience; other issuers ignore it.
    audience: config.audience,
    state,
    code_challenge: await challenge(verifier),
    code_challenge_method: "S256",
    ...(anew && { prompt: "login" }),
  };
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  location.assign(target.href);
}

/** Completes a sign-in if the issuer redirected back here. Throws an error with a message for the operator. */
export async function arrive() {
  const answer = new URLSearchParams(location.search);
  const pending = read(PENDING);
  sessionStorage.removeItem(PENDING);
  if (!answer.has("code") && !answer.has("error")) return;
  // Remove the code from the address bar and the history before anything else.
  history.replaceState(null, "", here + (pending?.hash || location.hash));
  if (!pending || answer.get("state") !== pending.state) {
    throw new Error("This sign-in was not started in this tab, or belongs to an earlier attempt. Please sign in again.");
  }
  if (answer.has("error")) throw new Error(refusal(answer.get("error")));
  await exchange(answer.get("code"), pending.verifier);
}

function refusal(code) {
  if (code === "access_denied") return "The sign-in was cancelled, or you have no access to this console.";
  const known = /^[a-z_]{1,40}$/.test(code) ? ` (${code})` : "";
  return `The sign-in service returned an error${known}. Please try again.`;
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
    throw new Error("The sign-in service did not grant access. Please sign in again.");
  }
  const life = (Number(answer.expires_in) || DEFAULT_LIFE_S) * 1000;
  const now = Date.now();
  session = { token: answer.access_token, since: now, until: now + Math.max(life - MARGIN_MS, life / 2) };
}
