// Proof Key for Code Exchange (RFC 7636): only who began a sign-in can finish it.

const RANDOM_BYTES = 32;

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** A text that nobody guesses. */
export function unguessable() {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** What the issuer is shown of a verifier (S256). */
export async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}
