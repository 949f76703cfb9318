/** Names the page that explains a class of failure: what it means, what Throughline does, what a person can do. */
export function failurePage(failureClass: string): string {
  return `[${failureClass}: docs/failures.md]`;
}
