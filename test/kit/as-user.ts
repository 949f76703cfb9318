/** Does something with the rights of nobody in particular: who runs as root may read and write anywhere. */
export async function asUser<T>(act: () => T | Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  process.seteuid!(65_534);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
  }
}
