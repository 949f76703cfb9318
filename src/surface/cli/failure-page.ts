/** Where a class of failure is explained: what it means, what Throughline does, what a person can do. */
export function failurePage(failureClass: string): string {
  return `[${failureClass}: docs/failures.md]`;
}
