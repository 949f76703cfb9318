/** What is measured is what is shipped, so it comes from `dist` (made by `npm ci` and `npm run build`); its types come from the sources. */
export async function shipped<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../dist/${path}.js`, import.meta.url).href)) as Module;
}
