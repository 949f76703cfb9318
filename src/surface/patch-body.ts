/** A patch (the format of `apply_patch`) without its frame. */
export function patchBody(patch: string): string {
  return patch.replace(/^\s*\*\*\* Begin Patch\r?\n/u, "").replace(/\r?\n\*\*\* End Patch\s*$/u, "");
}
