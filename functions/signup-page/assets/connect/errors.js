"use strict";
// Codes of Meta's page "Embedded Signup errors", grouped by the advice for the customer.
const POPUP_ERRORS = {
  portfolio: [2388098, 2494067, 1690114, 1752089], verification_running: [2494030],
  name: [1690062, 1690089, 1690090, 1690091, 2593010, 3771014, 2388009, 2388010], captcha: [2655091],
  other_business: [3441041], activity: [3441045], not_in_app: [2655095, 2655048], region: [3441042],
  recently_disconnected: [3441049, 2655094], registered: [3441030], app_old: [4563015], marketing: [3441047],
  code_attempts: [2593037, 2593039, 2494158, 2388091, 2388093], number_limit: [3441051, 2655011, 2388002],
  busy: [3441033, 3441046, 1390006, 1675004, 1390008, 1675030, 1675012, 2593030, 1752224, 3441003, 4056009],
  shared: [2655049, 2494028, 2494029, 2593072, 2494091, 2494120, 2494119],
  restricted: [2655089, 3441040, 2388107, 2859015, 1784028, 1404163], login: [2859009, 4612001, 2859043, 2136001],
};
const CANNOT_ONBOARD = /onboard customers|can.t onboard/i;
const OWN_BUSINESS = /own(s)? (the|this) app|same business/i;

// Meta's own message, then advice; `atMeta` is true if Meta's status page may say more.
function explainPopup(t, data) {
  const message = data.error_message ? String(data.error_message).slice(0, 256) : "";
  const known = Object.entries(POPUP_ERRORS).find(([, codes]) => codes.includes(Number(data.error_code)));
  const advice = known ? t(`popup.${known[0]}`)
    : OWN_BUSINESS.test(message) ? t("page.own_business")
      : CANNOT_ONBOARD.test(message) ? t("page.cannot_onboard") : "";
  const atMeta = CANNOT_ONBOARD.test(message) || Boolean(known && ["busy", "restricted"].includes(known[0]));
  if (message || advice) return { atMeta, text: [message && t("page.reported", { message }), advice].filter(Boolean).join(" ") };
  const step = data.current_step && t(`screen.${data.current_step}`);
  return { atMeta, text: step ? t("page.cancelled_at", { step }) : t("page.cancelled") };
}

// Problem codes whose text has a different key.
const TEXT_KEYS = {
  session_expired: "page.link_expired", session_revoked: "page.link_revoked", session_not_found: "page.link_unknown",
  signups_paused: "page.paused", opened_elsewhere: "page.elsewhere",
  launch_missing: "problem.launch_unknown", launch_used: "problem.launch_unknown",
};

const explainProblem = (t, problem) => t(TEXT_KEYS[problem.code] || `problem.${problem.code}`) || t("problem.other");
