// The operator console. Signs in, then shows what the address says.

import { whenRefused } from "./api.js";
import { forgetSeen } from "./page.js";
import { learn, mayLook } from "./rights.js";
import { arrive, forget, hasLeft, isFresh, leave, remaining, signIn, token } from "./session.js";
import { open, shut } from "./shell.js";
import { complain } from "./toast.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1;
let ending = false;
let timer = 0;

function enter() {
  signIn().catch((error) => shut(error.message, enter));
}

// As somebody else, perhaps: the issuer asks.
function enterAnew() {
  signIn({ anew: true }).catch((error) => shut(error.message, enterAnew));
}

const NO_ACCESS = "You are signed in, but have no access to this console. Ask whoever runs this platform.";

function signOut() {
  ending = true;
  clearTimeout(timer);
  leave();
  forgetSeen();
  shut("You are signed out.", enter);
}

// The sign-in has ended: a new one, and back to the same place. What somebody is typing is not thrown away.
function ended(isRefused) {
  if (ending) return;
  ending = true;
  const isHopeless = isRefused && isFresh();
  forget();
  if (isHopeless) {
    shut("You are signed in, but the API does not accept it. Ask whoever runs this platform for access.", enterAnew);
    return;
  }
  const typing = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!typing) {
    enter();
    return;
  }
  complain(new Error("Your sign-in has ended. Copy what you need, then close this dialog to sign in again."));
  typing.addEventListener("close", enter);
}

async function begin() {
  whenRefused(ended);
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
    await learn();
  } catch (error) {
    if (ending) return;
    if (error.status === 403) shut(NO_ACCESS, enterAnew);
    else shut(error.message, show, "Try again");
    return;
  }
  if (mayLook()) open(signOut);
  else shut(NO_ACCESS, enterAnew);
}

begin();
