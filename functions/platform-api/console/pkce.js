// Proof Key for Code Exchange (RFC 7636): only the page that started a sign-in can finish it.

const RANDOM_BYTES = 32;

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** A random string of 256 bits, base64url encoded. */
export function randomString() {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** The code challenge of a verifier (S256). */
export async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}
