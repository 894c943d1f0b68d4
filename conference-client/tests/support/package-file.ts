import { existsSync } from 'node:fs';

/** A file of the package's folder, wherever the compiled test is. */
export function packageFile(path: string): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return new URL(path, folder);
}
