/** A host as URLs write it: IPv6 addresses in brackets (RFC 3986 §3.2.2). */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The host in a URL's `hostname`, without the brackets of an IPv6 address. */
export const unbracketed = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');
