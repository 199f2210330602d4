// The security policy of the page, in one place: the build writes it into index.html, the server sends it as headers.
// Nothing but the page's own origin may be reached; see docs/security.md for what each line is for.

const POLICY = {
  'default-src': "'self'",
  // WebAssembly needs its own permission; eval stays forbidden.
  'script-src': "'self' 'wasm-unsafe-eval'",
  // Workers are started from blobs of own-origin scripts, so that a respawn needs no request.
  'worker-src': "'self' blob:",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

const policyText = (policy) =>
  Object.entries(policy)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/** For `<meta http-equiv>`; browsers ignore frame-ancestors there. */
export const contentSecurityPolicyMeta = policyText(POLICY);

export const contentSecurityPolicy = policyText({ ...POLICY, 'frame-ancestors': "'none'" });

/** Threads and shared memory exist only with these two. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export const securityHeaders = {
  ...isolationHeaders,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};
