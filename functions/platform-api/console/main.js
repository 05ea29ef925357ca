// Entry point of the operator console: signs in, then shows the view of the address.

import { whenUnauthorised } from "./api.js";
import { clearCache } from "./page.js";
import { loadRights, mayRead } from "./rights.js";
import { arrive, forget, hasLeft, isFresh, leave, remaining, signIn, token } from "./session.js";
import { open, shut } from "./shell.js";
import { complain } from "./toast.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1;
let ending = false;
let timer = 0;

function enter() {
  signIn().catch((error) => shut(error.message, enter));
}

// Lets the issuer prompt, so that the operator can sign in as another user.
function enterAsOther() {
  signIn({ anew: true }).catch((error) => shut(error.message, enterAsOther));
}

const NO_ACCESS = "You are signed in, but have no access to this console. Ask the platform's administrator.";

function signOut() {
  ending = true;
  clearTimeout(timer);
  leave();
  clearCache();
  shut("You are signed out.", enter);
}

// The token expired or was rejected: signs in again and returns to the same view. An open dialog is not discarded.
function ended(isRejected) {
  if (ending) return;
  ending = true;
  const isFreshRejected = isRejected && isFresh();
  forget();
  if (isFreshRejected) {
    shut("You are signed in, but the API does not accept it. Ask the platform's administrator for access.", enterAsOther);
    return;
  }
  const typing = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!typing) {
    enter();
    return;
  }
  complain(new Error("Your session has expired. Copy what you need, then close this dialog to sign in again."));
  typing.addEventListener("close", enter);
}

async function begin() {
  whenUnauthorised(ended);
  try {
    await arrive();
  } catch (error) {
    shut(error.message, enter);
    return;
  }
  if (!token()) {
    if (hasLeft()) shut("You are signed out.", enter);
    else enter();
    return;
  }
  timer = setTimeout(() => ended(false), Math.min(remaining(), LONGEST_TIMER_MS));
  await show();
}

async function show() {
  try {
    await loadRights();
  } catch (error) {
    if (ending) return;
    if (error.status === 403) shut(NO_ACCESS, enterAsOther);
    else shut(error.message, show, "Try again");
    return;
  }
  if (mayRead()) open(signOut);
  else shut(NO_ACCESS, enterAsOther);
}

begin();
