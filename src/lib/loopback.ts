/** Whether a host, as a URL or a command line names it, is this machine itself: RFC 6761 keeps `.localhost` for that. Another name that was
 * rebound to such an address is none. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/iu.test(host);
}
