/*
 * What Flash Player asks for before it lets a SWF of another origin in (Adobe, Cross Domain Policy File Specification).
 */

/**
 * For `/crossdomain.xml`. It only says that there may be other policies: given at the root, leave to read would hold for
 * the API as well.
 */
export const masterPolicy = policy(['<site-control permitted-cross-domain-policies="all"/>']);

/** For the gateway: SWFs of `origins` may call it; `*`: all of them. */
export function gatewayPolicy(origins: readonly string[]): string {
  return policy(
    origins.flatMap((origin) => {
      const from = domainOf(origin);
      if (from === undefined) return [];
      return [`<allow-access-from ${from}/>`, `<allow-http-request-headers-from headers="*" ${from}/>`];
    }),
  );
}

/** A policy has no place for a scheme and a port, beyond whether HTTPS is wanted where the policy itself came over it. */
function domainOf(origin: string): string | undefined {
  if (origin === '*') return 'domain="*" secure="false"';
  const { hostname, protocol } = URL.canParse(origin) ? new URL(origin) : { hostname: '', protocol: '' };
  // Anything else is no name of a host, and would not stay within the quotes.
  return /^[\w.:[\]-]+$/.test(hostname) ? `domain="${hostname}" secure="${protocol === 'https:'}"` : undefined;
}

function policy(rules: readonly string[]): string {
  return `<?xml version="1.0"?>\n<cross-domain-policy>${rules.join('')}</cross-domain-policy>\n`;
}
